// Keeps one live websocket open: subscribes, resumes by epoch and offset, reconnects with growing, jittered waits.
//
// Knows nothing of maps or panels. Socket, clock and chance are arguments, so that the whole life can be tested.

import type { ServerMessage, View } from './messages.ts';
import type { Frame } from './protocol.ts';
import { decodeFrame } from './protocol.ts';

/** The part of a WebSocket that is used. */
export interface Socket {
  binaryType: string;
  onopen: (() => void) | null;
  onmessage: ((event: { data: string | ArrayBuffer }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

export interface Host {
  open(): Socket;
  setTimeout(call: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  /** Steady clock, ms. */
  now(): number;
  /** Uniform in 0 … 1. */
  random(): number;
}

export type Link =
  | { state: 'connecting' }
  | { state: 'open' }
  | { state: 'waiting'; until: number }
  | { state: 'ended'; reason: string };

export interface Handlers {
  onMessage(message: ServerMessage): void;
  onFrame(frame: Frame): void;
  onLink(link: Link): void;
}

const WAIT_FIRST_MS = 500;
const WAIT_MOST_MS = 20_000;
/** The server says something at least every few seconds; silence for longer means a dead line. */
const DEAD_AFTER_MS = 20_000;
/** The protocol allows four views a second. */
const VIEW_EVERY_MS = 260;

export class Connection {
  private readonly host: Host;
  private readonly handlers: Handlers;
  private view: View;
  private socket: Socket | undefined;
  private epoch: string | undefined;
  private offset = 0;
  private failures = 0;
  private greeted = false;
  private retryTimer: unknown;
  private deadTimer: unknown;
  private viewTimer: unknown;
  private viewSentAt = -Infinity;
  /** The view that the server knows, as it was sent. */
  private viewSent = '';
  private ended = false;

  constructor(host: Host, handlers: Handlers, view: View) {
    this.host = host;
    this.handlers = handlers;
    this.view = view;
  }

  /** Open the line, now. Also ends a wait for the next attempt. */
  connect(): void {
    if (this.socket || this.ended) return;
    this.host.clearTimeout(this.retryTimer);
    this.handlers.onLink({ state: 'connecting' });
    const socket = this.host.open();
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.subscribe(socket);
    socket.onmessage = (event) => this.receive(event.data);
    socket.onclose = () => this.lost(socket);
    this.socket = socket;
    this.greeted = false;
    this.watch();
  }

  /** Close for good and say why. */
  end(reason: string): void {
    this.ended = true;
    this.drop();
    this.host.clearTimeout(this.retryTimer);
    this.handlers.onLink({ state: 'ended', reason });
  }

  /** Ask for the positions of another view; the latest wins when they come faster than the protocol allows. */
  setView(view: View): void {
    this.view = view;
    if (!this.greeted || this.viewTimer !== undefined) return;
    const wait = Math.max(0, this.viewSentAt + VIEW_EVERY_MS - this.host.now());
    this.viewTimer = this.host.setTimeout(() => this.sendView(), wait);
  }

  private sendView(): void {
    this.viewTimer = undefined;
    const view = JSON.stringify(this.view);
    if (!this.socket || !this.greeted || view === this.viewSent) return;
    this.viewSentAt = this.host.now();
    this.viewSent = view;
    this.socket.send(JSON.stringify({ type: 'view', ...this.view }));
  }

  private subscribe(socket: Socket): void {
    const resume = this.epoch === undefined ? {} : { epoch: this.epoch, offset: this.offset };
    socket.send(JSON.stringify({ type: 'subscribe', ...this.view, ...resume }));
    this.viewSentAt = this.host.now();
    this.viewSent = JSON.stringify(this.view);
  }

  private receive(data: string | ArrayBuffer): void {
    this.watch();
    if (typeof data !== 'string') {
      this.handlers.onFrame(decodeFrame(data));
      return;
    }
    const message = JSON.parse(data) as ServerMessage;
    if (message.type === 'hello') this.greet(message.recovered, message.epoch);
    else if (message.type === 'state') [this.epoch, this.offset] = [message.epoch, message.offset];
    else if (message.type === 'lane') {
      message.items = message.items.filter((item) => item.seq > this.offset);
      this.offset = message.items.at(-1)?.seq ?? this.offset;
    }
    this.handlers.onMessage(message);
    if (message.type === 'bye' && message.reason === 'signed_out') this.end(message.reason);
  }

  private greet(recovered: boolean, epoch: string): void {
    this.greeted = true;
    this.failures = 0;
    if (!recovered) this.offset = 0;
    this.epoch = epoch;
    this.handlers.onLink({ state: 'open' });
    this.setView(this.view); // it may have moved since the subscription
  }

  private watch(): void {
    this.host.clearTimeout(this.deadTimer);
    this.deadTimer = this.host.setTimeout(() => {
      const { socket } = this;
      this.drop();
      if (socket) this.retry();
    }, DEAD_AFTER_MS);
  }

  private lost(socket: Socket): void {
    if (socket !== this.socket) return;
    this.drop();
    if (!this.ended) this.retry();
  }

  private drop(): void {
    const { socket } = this;
    this.socket = undefined;
    this.greeted = false;
    this.host.clearTimeout(this.deadTimer);
    this.host.clearTimeout(this.viewTimer);
    this.viewTimer = undefined;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000);
  }

  private retry(): void {
    const wait = backoff(this.failures, this.host.random());
    this.failures += 1;
    this.handlers.onLink({ state: 'waiting', until: this.host.now() + wait });
    this.retryTimer = this.host.setTimeout(() => this.connect(), wait);
  }
}

/** Wait before the next attempt, ms: doubles with each failure, half of it by chance so that viewers do not return at once. */
export function backoff(failures: number, chance: number): number {
  const most = Math.min(WAIT_MOST_MS, WAIT_FIRST_MS * 2 ** Math.min(failures, 16));
  return most / 2 + (chance * most) / 2;
}

/** The browser's own socket, clock and chance. */
export function browserHost(): Host {
  const address = `${location.origin.replace(/^http/, 'ws')}/api/v1/live`;
  return {
    open: () => new WebSocket(address) as unknown as Socket,
    setTimeout: (call, ms) => setTimeout(call, ms),
    clearTimeout: (timer) => clearTimeout(timer as number),
    now: () => performance.now(),
    random: Math.random,
  };
}
