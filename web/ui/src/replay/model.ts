// What was known at a moment of a clip, in the form of the live model, so that map and panels show it unchanged.

import { mercatorX, mercatorY, metresPerUnit } from '../live/mercator.ts';
import type { CellChange } from '../live/messages.ts';
import { byGravity, LiveModel } from '../live/model.ts';
import { COURSE_UNKNOWN, FRESHNESS, MOVING, SILENT, STILL } from '../live/protocol.ts';
import type { Alert } from '../data/types.ts';
import type { Clip, ClipAlert, ClipTrack } from './clip.ts';

/** Without a fix for so long an officer is silent, as on the live map. */
const SILENT_AFTER_MS = 180_000;
const EVENTS_SHOWN_MS = 3_600_000;
/** Slower than this is standing, m/s. */
const WALKS_FROM = 0.4;
const ENDED = new Set(['resolved', 'withdrawn', 'closed']);

export class ReplayModel extends LiveModel {
  readonly clip: Clip;
  /** The moment that is shown, ms since 1970 UTC. */
  at: number;
  private applied = 0;
  private shownAlerts = '';
  private shownEvents = -1;

  constructor(clip: Clip, zone: string) {
    super();
    this.clip = clip;
    this.at = clip.from;
    this.timeZone.set(zone);
    this.link.set({ state: 'open' });
  }

  /** The clock of the clip. */
  override serverNow(): number {
    return this.at;
  }

  /** Show the moment `at`, as far as the clip is there. */
  seek(at: number): void {
    const back = at < this.at;
    this.at = at;
    this.dataAt.set(at);
    this.seekCells(back);
    this.seekAlerts();
    this.seekEvents();
    this.seekOfficers();
  }

  private seekCells(back: boolean): void {
    const { steps } = this.clip;
    if (back) this.applied = 0;
    const changed = new Map<number, CellChange>();
    while (this.applied < steps.length && (this.applied === 0 || steps[this.applied].at <= this.at)) {
      for (const change of steps[this.applied].changes) changed.set(change[0], change);
      this.applied += 1;
    }
    if (changed.size > 0) {
      const at = new Date(this.at).toISOString();
      this.receive({ type: 'cells', at, city: 'of the clip', changes: [...changed.values()] });
    }
  }

  private seekAlerts(): void {
    const standing = this.clip.alerts.flatMap((alert) => alertAt(alert, this.at) ?? []);
    const key = standing.map((alert) => `${alert.id}${alert.level}`).join();
    if (key === this.shownAlerts) return;
    this.shownAlerts = key;
    this.alerts.set(standing.toSorted(byGravity));
  }

  private seekEvents(): void {
    const events = this.clip.events.filter((event) => {
      const t = Date.parse(event.t);
      return t <= this.at && t > this.at - EVENTS_SHOWN_MS;
    });
    if (events.length === this.shownEvents && events.length === 0) return;
    if (events.length !== this.shownEvents || events[0] !== this.events.get()[0]) this.events.set(events);
    this.shownEvents = events.length;
  }

  private seekOfficers(): void {
    const tally = { moving: 0, still: 0, silent: 0, unknown: 0 };
    this.clip.tracks.forEach((track, slot) => {
      if (!this.names.has(slot)) this.learn(track, slot);
      const shown = placeAt(track, this.at);
      if (!shown) {
        this.fleet.hide(slot);
        return;
      }
      this.fleet.show(slot, shown);
      tally[FRESHNESS[shown.status & 3]] += 1;
    });
    const total = FRESHNESS.reduce((sum, kind) => sum + tally[kind], 0);
    const before = this.counts.get();
    if (before?.total !== total || FRESHNESS.some((kind) => before[kind] !== tally[kind])) {
      const at = new Date(this.at).toISOString();
      this.counts.set({ type: 'counts', at, total, shown: total, band: 'dots', ...tally });
    }
    this.positionsChanged();
  }

  private learn(track: ClipTrack, slot: number): void {
    this.setName({ slot, id: track.device, label: track.label, unit: track.unit });
    this.namesVersion.set(this.namesVersion.get() + 1);
  }
}

/** The alert as it stood at a moment; null before it opened and after it ended. */
export function alertAt(alert: ClipAlert, at: number): Alert | null {
  const taken = alert.steps.filter(([when]) => when <= at);
  const last = taken.at(-1);
  if (!last || ENDED.has(last[1])) return null;
  const opened = new Date(taken[0][0]).toISOString();
  return {
    id: alert.id,
    key: '',
    kind: alert.kind,
    level: last[2],
    state: 'open',
    version: taken.length,
    cell: alert.cell,
    cell_name: alert.cell_name,
    device: alert.device,
    officer: null,
    area: null,
    priority: 0,
    actor: 'system',
    assignee: null,
    task: null,
    escalation: 0,
    escalates_at: null,
    snoozed_until: null,
    opened_at: opened,
    updated_at: new Date(last[0]).toISOString(),
    ended_at: null,
    facts: alert.subject === null ? {} : { name: alert.subject },
    text_zh: '',
    text_en: '',
  };
}

/** Index of the last time not after `at`; -1 before the first. */
export function lastBefore(times: Float64Array, at: number): number {
  let [lo, hi] = [0, times.length];
  while (lo < hi) {
    const middle = (lo + hi) >> 1;
    if (times[middle] <= at) lo = middle + 1;
    else hi = middle;
  }
  return lo - 1;
}

/** How a device went from one fix to the next: standing where that is not known. */
function way(track: ClipTrack, i: number) {
  const apart = track.t[i + 1] - track.t[i];
  if (!(apart <= SILENT_AFTER_MS)) return { course: 0, status: STILL | COURSE_UNKNOWN };
  const [dx, dy] = [
    mercatorX(track.lon[i + 1]) - mercatorX(track.lon[i]),
    mercatorY(track.lat[i + 1]) - mercatorY(track.lat[i]),
  ];
  const metres = Math.hypot(dx, dy) * metresPerUnit(mercatorY(track.lat[i]));
  const turn = Math.atan2(dx, -dy) / (2 * Math.PI);
  return {
    course: Math.round((turn < 0 ? turn + 1 : turn) * 256) & 255,
    status: metres / (apart / 1000) > WALKS_FROM ? MOVING : STILL | COURSE_UNKNOWN,
  };
}

/** Where a device was at a moment, on the straight line between its fixes; null before its first. */
export function placeAt(track: ClipTrack, at: number) {
  const i = lastBefore(track.t, at);
  if (i < 0) return null;
  const fixAt = track.t[i];
  const [x, y] = [mercatorX(track.lon[i]), mercatorY(track.lat[i])];
  const apart = track.t[i + 1] - fixAt;
  if (apart <= SILENT_AFTER_MS) {
    const part = (at - fixAt) / apart;
    const [dx, dy] = [mercatorX(track.lon[i + 1]) - x, mercatorY(track.lat[i + 1]) - y];
    return { x: x + dx * part, y: y + dy * part, ...way(track, i), fixAt };
  }
  if (at - fixAt > SILENT_AFTER_MS) return { x, y, course: 0, status: SILENT | COURSE_UNKNOWN, fixAt };
  return { x, y, ...way(track, i - 1), fixAt }; // it went on as it had come, as far as is known
}
