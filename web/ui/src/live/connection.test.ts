import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoff, Connection, type Host, type Link, type Socket } from './connection.ts';
import { frame } from './frames.testing.ts';
import type { LogItem, ServerMessage, View } from './messages.ts';

/** A browser whose time and network a test moves by hand. */
class Desk implements Host {
  time = 0;
  sockets: Line[] = [];
  private timers = new Map<number, { at: number; call: () => void }>();
  private next = 1;

  open(): Line {
    const line = new Line();
    this.sockets.push(line);
    return line;
  }

  setTimeout(call: () => void, ms: number): number {
    this.timers.set(this.next, { at: this.time + ms, call });
    this.next += 1;
    return this.next - 1;
  }

  clearTimeout(timer: unknown): void {
    this.timers.delete(timer as number);
  }

  now(): number {
    return this.time;
  }

  random(): number {
    return 0.5;
  }

  /** Let `ms` pass, with every timer that falls due. */
  pass(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const due = [...this.timers].filter(([, { at }]) => at <= end).toSorted((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      this.timers.delete(due[0]);
      this.time = due[1].at;
      due[1].call();
    }
    this.time = end;
  }

  get line(): Line {
    return this.sockets[this.sockets.length - 1];
  }
}

class Line implements Socket {
  binaryType = 'blob';
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string | ArrayBuffer }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  sent: Record<string, unknown>[] = [];
  closed = false;

  send(data: string): void {
    this.sent.push(JSON.parse(data));
  }

  close(): void {
    this.closed = true;
  }

  says(message: Record<string, unknown>): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

const VIEW: View = { bbox: [114, 23, 115, 24], zoom: 12, selected: [] };
const HELLO = { type: 'hello', protocol: 1, epoch: 'e1', offset: 10, now: '2026-10-01T00:00:00Z', recovered: false };
const STATE = { type: 'state', epoch: 'e1', offset: 10, alerts: [], events: [], cells: [] };
const logItems = (...seqs: number[]) => ({
  type: 'lane',
  items: seqs.map((seq) => ({ seq, at: '', kind: 'grid', body: {} })),
});

function connected() {
  const desk = new Desk();
  const links: Link[] = [];
  const messages: ServerMessage[] = [];
  const ticks: number[] = [];
  const handlers = {
    onMessage: (message: ServerMessage) => void messages.push(message),
    onFrame: ({ tick }: { tick: number }) => void ticks.push(tick),
    onLink: (link: Link) => void links.push(link),
  };
  const connection = new Connection(desk, handlers, VIEW);
  connection.connect();
  desk.line.onopen?.();
  desk.line.says(HELLO);
  desk.line.says(STATE);
  return { desk, links, messages, ticks, connection };
}

test('subscribes first, without an offset, and hands on what comes', () => {
  const { desk, links, messages, ticks } = connected();
  assert.deepEqual(desk.line.sent[0], { type: 'subscribe', ...VIEW });
  assert.equal(desk.line.binaryType, 'arraybuffer');
  assert.deepEqual(
    links.map(({ state }) => state),
    ['connecting', 'open'],
  );
  assert.deepEqual(
    messages.map(({ type }) => type),
    ['hello', 'state'],
  );
  desk.line.onmessage?.({ data: frame(1, 0, [], 42) });
  assert.deepEqual(ticks, [42]);
});

test('resumes with the epoch and the last item it saw', () => {
  const { desk } = connected();
  desk.line.says(logItems(11, 12));
  desk.line.onclose?.({ code: 1006, reason: '' });
  desk.pass(1000);
  desk.line.onopen?.();
  assert.deepEqual(desk.line.sent[0], { type: 'subscribe', ...VIEW, epoch: 'e1', offset: 12 });
});

test('an item that was seen before is not handed on again', () => {
  const { desk, messages } = connected();
  desk.line.says(logItems(11, 12));
  desk.line.says(logItems(12, 13));
  const seqs = messages
    .flatMap((message) => (message.type === 'lane' ? message.items : []))
    .map((item: LogItem) => item.seq);
  assert.deepEqual(seqs, [11, 12, 13]);
});

test('a server that cannot resume sets the offset anew', () => {
  const { desk } = connected();
  desk.line.says(logItems(11));
  desk.line.onclose?.({ code: 1006, reason: '' });
  desk.pass(1000);
  desk.line.onopen?.();
  desk.line.says({ ...HELLO, epoch: 'e2', offset: 3 });
  desk.line.says({ ...STATE, epoch: 'e2', offset: 3 });
  desk.line.says(logItems(4));
  desk.line.onclose?.({ code: 1006, reason: '' });
  desk.pass(1000);
  desk.line.onopen?.();
  assert.deepEqual(desk.line.sent[0], { type: 'subscribe', ...VIEW, epoch: 'e2', offset: 4 });
});

test('waits longer after each failure and starts over after a success', () => {
  const { desk, links } = connected();
  const waits: number[] = [];
  for (let i = 0; i < 8; i += 1) {
    desk.line.onclose?.({ code: 1006, reason: '' });
    const link = links.at(-1);
    assert.ok(link?.state === 'waiting');
    waits.push(link.until - desk.time);
    desk.pass(waits[i]);
  }
  assert.deepEqual(waits, [375, 750, 1500, 3000, 6000, 12000, 15000, 15000]);
  desk.line.onopen?.();
  desk.line.says(HELLO);
  desk.line.onclose?.({ code: 1006, reason: '' });
  const link = links.at(-1);
  assert.ok(link?.state === 'waiting' && link.until - desk.time === 375);
});

test('waits are spread over half their length by chance', () => {
  assert.deepEqual([backoff(2, 0), backoff(2, 1)], [1000, 2000]);
});

test('a line that says nothing is given up', () => {
  const { desk, links } = connected();
  const { line } = desk;
  desk.pass(19_000);
  assert.equal(line.closed, false);
  desk.pass(1_500);
  assert.equal(line.closed, true);
  assert.equal(desk.sockets.length, 2);
  assert.equal(links.at(-1)?.state, 'connecting');
});

test('views are sent at most four times a second and the last one wins', () => {
  const { desk, connection } = connected();
  desk.pass(1000);
  const before = desk.line.sent.length;
  for (let zoom = 1; zoom <= 10; zoom += 1) {
    connection.setView({ ...VIEW, zoom });
    desk.pass(50);
  }
  desk.pass(1000);
  const sent = desk.line.sent.slice(before);
  assert.ok(sent.length >= 2 && sent.length <= 3, `${sent.length} views`);
  assert.deepEqual(sent.at(-1), { type: 'view', ...VIEW, zoom: 10 });
});

test('a signed-out viewer does not come back', () => {
  const { desk, links, connection } = connected();
  desk.line.says({ type: 'bye', reason: 'signed_out' });
  desk.pass(60_000);
  connection.connect();
  assert.equal(desk.sockets.length, 1);
  assert.deepEqual(links.at(-1), { state: 'ended', reason: 'signed_out' });
});

test('asking for a connection ends the wait for the next attempt', () => {
  const { desk, connection } = connected();
  desk.line.onclose?.({ code: 1006, reason: '' });
  connection.connect();
  assert.equal(desk.sockets.length, 2);
  desk.pass(10_000);
  assert.equal(desk.sockets.length, 2);
});
