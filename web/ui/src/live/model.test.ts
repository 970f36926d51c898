import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Alert, Event } from '../data/types.ts';
import type { LogItem, ServerMessage } from './messages.ts';
import { LiveModel } from './model.ts';

const alert = (id: number, level: Alert['level'], more: Partial<Alert> = {}): Alert => ({
  id,
  key: `coverage_gap:${id}`,
  kind: 'coverage_gap',
  level,
  state: 'open',
  version: 1,
  actor: 'system',
  officer: null,
  area: null,
  priority: 0,
  assignee: null,
  task: null,
  escalation: 0,
  escalates_at: null,
  snoozed_until: null,
  cell: `${id}`,
  cell_name: null,
  device: null,
  opened_at: `2026-10-01T08:00:${String(id).padStart(2, '0')}Z`,
  updated_at: '2026-10-01T08:00:00Z',
  ended_at: null,
  facts: {},
  text_zh: '',
  text_en: '',
  ...more,
});
const event = (id: string, t: string): Event => ({
  id,
  device: 'd',
  t,
  received: t,
  lat: 23,
  lon: 114,
  acc: null,
  type: '05.01',
  text: null,
  subject: null,
  media: [],
  case: null,
  cell: null,
});
const state = (alerts: Alert[], events: Event[] = []): ServerMessage => ({
  type: 'state',
  epoch: 'e',
  offset: 1,
  alerts,
  events,
  city: 'c1',
  cells: [
    [1, 'fresh', 1000, 500, 0],
    [2, 'overdue', 100, 50, 1],
    [3, 'unknown', null, null, 0],
  ],
});
const logItems = (...items: Partial<LogItem>[]): ServerMessage => ({
  type: 'lane',
  items: items.map((item, i) => ({ seq: i + 2, at: '2026-10-01T08:00:00Z', ...item }) as LogItem),
});
const ids = (alerts: readonly Alert[]): number[] => alerts.map(({ id }) => id);

test('open alerts are ranked by level and then by how long they are open', () => {
  const model = new LiveModel();
  model.receive(state([alert(1, 'blue'), alert(3, 'red'), alert(2, 'red'), alert(4, 'orange'), alert(5, 'yellow')]));
  assert.deepEqual(ids(model.alerts.get()), [2, 3, 4, 5, 1]);
});

test('an alert that ends leaves the list and is kept as just ended', () => {
  const model = new LiveModel();
  model.receive(state([alert(1, 'red'), alert(2, 'red')]));
  model.receive(
    logItems({ kind: 'alert', body: alert(1, 'red', { state: 'resolved', ended_at: '2026-10-01T09:00:00Z' }) }),
  );
  assert.deepEqual(ids(model.alerts.get()), [2]);
  assert.deepEqual(ids(model.endedAlerts.get()), [1]);
  model.receive(logItems({ kind: 'alert', body: alert(2, 'orange') }));
  assert.equal(model.alerts.get()[0].level, 'orange');
});

test('a new state replaces what was known', () => {
  const model = new LiveModel();
  model.receive(state([alert(1, 'red')]));
  model.receive(state([alert(2, 'red')]));
  assert.deepEqual(ids(model.alerts.get()), [2]);
});

test('coverage is counted by state and only what changed is painted', () => {
  const model = new LiveModel();
  const painted: number[] = [];
  model.changedCells.subscribe(() => void painted.push(...model.changedCells.get()));
  model.receive(state([]));
  assert.deepEqual(model.cellTally.get(), { fresh: 1, due_soon: 0, will_breach: 0, overdue: 1, unknown: 1 });
  painted.length = 0;
  model.receive({ type: 'cells', at: '2026-10-01T08:00:00Z', city: 'c1', changes: [[2, 'fresh', 900, 800, 0]] });
  assert.deepEqual(painted, [2]);
  assert.equal(model.cellTally.get().fresh, 2);
  assert.deepEqual(model.cell(2), { state: 'fresh', due: 900, lastVisit: 800, present: false });
  assert.equal(model.cell(99).state, 'unknown');
});

test('of another city only its own cells are known', () => {
  const model = new LiveModel();
  model.receive(state([]));
  assert.equal(model.city.get(), 'c1');
  model.receive({ type: 'cells', at: '2026-10-01T08:00:00Z', city: 'c2', changes: [[2, 'fresh', 900, 800, 0]] });
  assert.equal(model.city.get(), 'c2');
  assert.deepEqual(model.cellTally.get(), { fresh: 1, due_soon: 0, will_breach: 0, overdue: 0, unknown: 0 });
});

test('an event seen twice is one event and the newest comes first', () => {
  const model = new LiveModel();
  model.receive(state([], [event('A', '2026-10-01T08:00:00Z')]));
  const late = event('B', '2026-10-01T07:00:00Z');
  model.receive(logItems({ kind: 'event', body: late }, { kind: 'event', body: late }));
  model.receive(logItems({ kind: 'event', body: event('C', '2026-10-01T09:00:00Z') }));
  assert.deepEqual(
    model.events.get().map(({ id }) => id),
    ['C', 'A', 'B'],
  );
});

test('time is that of the server however wrong the clock of the computer', () => {
  const model = new LiveModel();
  const now = '2026-10-01T08:00:00.000Z';
  const wrong = Date.parse('2020-01-01T00:00:00Z');
  model.receive({ type: 'hello', protocol: 1, epoch: 'e', offset: 0, now, recovered: false, time_zone: null }, wrong);
  assert.equal(model.serverNow(wrong + 1500), Date.parse(now) + 1500);
  assert.equal(model.dataAt.get(), Date.parse(now));
  assert.equal(model.timeZone.get(), 'Asia/Shanghai');
});

test('the age of the data goes by the newest thing said, never back', () => {
  const model = new LiveModel();
  const counts = {
    type: 'counts',
    total: 1,
    moving: 1,
    still: 0,
    silent: 0,
    unknown: 0,
    shown: 1,
    band: 'dots',
  } as const;
  model.receive({ ...counts, at: '2026-10-01T08:00:10Z' });
  model.receive({ ...counts, at: '2026-10-01T08:00:05Z' });
  assert.equal(model.dataAt.get(), Date.parse('2026-10-01T08:00:10Z'));
});
