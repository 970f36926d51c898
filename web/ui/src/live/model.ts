// What the page knows now: alerts, events, coverage, names and counts, fed by the live connection. Pure but for signals.

import { Signal } from '../parts/signal.ts';
import type { Alert, AlertLevel, CellState, Device, Event, Stay } from '../data/types.ts';
import type { Link } from './connection.ts';
import { Fleet } from './fleet.ts';
import type { CellChange, Counts, DeviceName, LogItem, ServerMessage } from './messages.ts';
import type { Frame } from './protocol.ts';

export const CELL_STATES: readonly CellState[] = ['fresh', 'due_soon', 'will_breach', 'overdue', 'unknown'];
export const LEVELS: readonly AlertLevel[] = ['red', 'orange', 'yellow', 'blue'];
const EVENTS_KEPT = 200;
const ENDED_KEPT = 20;

export interface CellNow {
  state: CellState;
  /** When the limit is reached, ms since 1970 UTC; null when it cannot be told. */
  due: number | null;
  lastVisit: number | null;
  present: boolean;
}

export class LiveModel {
  readonly fleet = new Fleet();
  readonly link = new Signal<Link>({ state: 'connecting' });
  /** Time of the newest thing the server said, ms since 1970 UTC by its clock; null before the first. */
  readonly dataAt = new Signal<number | null>(null);
  /** What the server says it lacks to do its work; empty when it is ready. */
  readonly lacks = new Signal<readonly string[]>([]);
  readonly timeZone = new Signal('Asia/Shanghai');
  readonly counts = new Signal<Counts | null>(null);
  /** Alerts that stand, the gravest first. */
  readonly alerts = new Signal<readonly Alert[]>([]);
  /** The newest alert that opened, was raised or escalated while this page was open: what a sound tells. */
  readonly lastCall = new Signal<Alert | null>(null);
  /** Alerts that ended while this page was open, newest first. */
  readonly endedAlerts = new Signal<readonly Alert[]>([]);
  /** Newest first. */
  readonly events = new Signal<readonly Event[]>([]);
  readonly cellTally = new Signal<Readonly<Record<CellState, number>>>(tally([]));
  /** Version of the city that the cells are of; null: not told yet. */
  readonly city = new Signal<string | null>(null);
  /** The newest stay that became or ceased to be a visit. */
  readonly lastStay = new Signal<Stay | null>(null);
  readonly namesVersion = new Signal(0);
  readonly cells = new Map<number, CellNow>();
  readonly names = new Map<number, DeviceName>();
  readonly slots = new Map<string, number>();
  /** Ids of the cells that changed last. */
  readonly changedCells = new Signal<readonly number[]>([]);
  /** Grows whenever positions changed. */
  readonly positionsVersion = new Signal(0);

  private readonly open = new Map<number, Alert>();
  private clockOffset = 0;

  /** Time by the clock of the server, ms since 1970 UTC. */
  serverNow(localNow = Date.now()): number {
    return localNow + this.clockOffset;
  }

  receive(message: ServerMessage, localNow = Date.now()): void {
    switch (message.type) {
      case 'hello':
        this.clockOffset = Date.parse(message.now) - localNow;
        if (message.time_zone) this.timeZone.set(message.time_zone);
        this.heard(Date.parse(message.now));
        break;
      case 'state':
        this.open.clear();
        for (const alert of message.alerts) this.open.set(alert.id, alert);
        this.events.set(message.events.slice(0, EVENTS_KEPT));
        this.publishAlerts();
        this.cells.clear();
        this.setCells(message.cells);
        this.city.set(message.city);
        break;
      case 'lane':
        for (const item of message.items) this.takeItem(item);
        this.publishAlerts();
        break;
      case 'cells':
        // Of another city come all cells: those it has not are no more.
        if (message.city !== this.city.get()) this.cells.clear();
        this.setCells(message.changes);
        this.city.set(message.city);
        this.heard(Date.parse(message.at));
        break;
      case 'devices':
        for (const item of message.items) this.setName(item);
        this.namesVersion.set(this.namesVersion.get() + 1);
        break;
      case 'counts':
        this.counts.set(message);
        this.heard(Date.parse(message.at));
        break;
      case 'bye':
        break;
    }
  }

  receiveFrame(frame: Frame, steadyNow: number): void {
    this.fleet.apply(frame, steadyNow);
    this.heard(frame.time);
    this.positionsChanged();
  }

  /** Coverage of a cell; unknown until the server has said otherwise. */
  cell(id: number): CellNow {
    return this.cells.get(id) ?? { state: 'unknown', due: null, lastVisit: null, present: false };
  }

  /** Let those who draw positions know that there are others. */
  positionsChanged(): void {
    this.positionsVersion.set(this.positionsVersion.get() + 1);
  }

  setName(device: DeviceName | Device): void {
    this.names.set(device.slot, { slot: device.slot, id: device.id, label: device.label, unit: device.unit });
    this.slots.set(device.id, device.slot);
  }

  private heard(at: number): void {
    const before = this.dataAt.get();
    if (before === null || at > before) this.dataAt.set(at);
  }

  private takeItem(item: LogItem): void {
    if (item.kind === 'alert') this.takeAlert(item.body);
    else if (item.kind === 'event') this.takeEvent(item.body);
    else if (item.kind === 'stay') this.lastStay.set(item.body);
    else if (item.kind === 'device') {
      this.setName(item.body);
      this.namesVersion.set(this.namesVersion.get() + 1);
    }
  }

  private takeAlert(alert: Alert): void {
    if (alert.ended_at === null) {
      const before = this.open.get(alert.id);
      this.open.set(alert.id, alert);
      if (calls(before, alert)) this.lastCall.set(alert);
    } else {
      this.open.delete(alert.id);
      const others = this.endedAlerts.get().filter((other) => other.id !== alert.id);
      this.endedAlerts.set([alert, ...others].slice(0, ENDED_KEPT));
    }
  }

  private takeEvent(event: Event): void {
    const others = this.events.get().filter((other) => other.id !== event.id);
    const all = [event, ...others].toSorted((a, b) => b.t.localeCompare(a.t));
    this.events.set(all.slice(0, EVENTS_KEPT));
  }

  private publishAlerts(): void {
    this.alerts.set([...this.open.values()].toSorted(byGravity));
  }

  private setCells(changes: readonly CellChange[]): void {
    for (const [id, state, due, lastVisit, present] of changes) {
      this.cells.set(id, { state, due, lastVisit, present: present === 1 });
    }
    this.cellTally.set(tally(this.cells.values()));
    this.changedCells.set(changes.map(([id]) => id));
  }
}

/** True when a person should look up: a new alert, a graver level, or one that went on to the next person. */
function calls(before: Alert | undefined, now: Alert): boolean {
  if (!before) return now.state === 'open';
  return LEVELS.indexOf(now.level) < LEVELS.indexOf(before.level) || now.escalation > before.escalation;
}

/** Put off or in hand: after those that nobody has taken on. */
const handled = (alert: Alert): number => (alert.state === 'snoozed' ? 2 : alert.state === 'assigned' ? 1 : 0);

/** Those that wait for somebody first; red before orange before yellow before blue; then by priority and age. */
export function byGravity(a: Alert, b: Alert): number {
  return (
    handled(a) - handled(b) ||
    LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level) ||
    b.priority - a.priority ||
    a.opened_at.localeCompare(b.opened_at) ||
    a.id - b.id
  );
}

function tally(cells: Iterable<CellNow>): Record<CellState, number> {
  const sum = { fresh: 0, due_soon: 0, will_breach: 0, overdue: 0, unknown: 0 };
  for (const cell of cells) sum[cell.state] += 1;
  return sum;
}
