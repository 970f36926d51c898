// A period of the past as the server tells it, line by line (docs/replay.md). Pure but for `fetchClip`.

import type { CellChange } from '../live/messages.ts';
import type { AlertLevel, Event } from '../data/types.ts';
import type { Span } from '../screens/url.ts';

/** Steps of coverage a clip is asked for at most. */
const MOST_STEPS = 240;
const STEPS_S = [10, 30, 60, 120, 300, 600, 1800, 3600];

export interface ClipTrack {
  device: string;
  label: string | null;
  unit: string;
  /** ms since 1970 UTC, ascending. */
  t: Float64Array;
  lat: Float64Array;
  lon: Float64Array;
}

/** An alert with the steps it took: when, which, to what level. */
export interface ClipAlert {
  id: number;
  kind: string;
  state: string;
  cell: string | null;
  cell_name: string | null;
  device: string | null;
  subject: string | null;
  steps: [at: number, step: string, level: AlertLevel][];
}

export interface CellsStep {
  at: number;
  changes: CellChange[];
}

type Line =
  | { type: 'head'; at: number; until: number; step: number; devices: number }
  | { type: 'alerts'; items: ClipAlert[] }
  | { type: 'events'; items: Event[] }
  | { type: 'cells'; at: number; changes: CellChange[] }
  | { type: 'track'; device: string; label: string | null; unit: string; t: number[]; lat: number[]; lon: number[] }
  | { type: 'end'; left_out: number };

/** Sums of differences, times a unit. */
function summed(differences: readonly number[], unit: number): Float64Array {
  const out = new Float64Array(differences.length);
  let sum = 0;
  differences.forEach((difference, i) => {
    sum += difference;
    out[i] = sum * unit;
  });
  return out;
}

/** A clip while it is read and afterwards. */
export class Clip {
  from: number;
  to: number;
  alerts: ClipAlert[] = [];
  events: Event[] = [];
  tracks: ClipTrack[] = [];
  /** Coverage: all cells at the first step, then what changed. */
  steps: CellsStep[] = [];
  /** Devices whose tracks the server left out. */
  leftOut = 0;
  /** The last line was read. */
  whole = false;

  constructor(span: Span) {
    this.from = span.from;
    this.to = span.to;
  }

  take(line: string): void {
    const said = JSON.parse(line) as Line;
    if (said.type === 'head') [this.from, this.to] = [said.at, said.until];
    else if (said.type === 'alerts') this.alerts = said.items;
    else if (said.type === 'events') this.events = said.items;
    else if (said.type === 'cells') this.steps.push({ at: said.at, changes: said.changes });
    else if (said.type === 'track') {
      const { device, label, unit } = said;
      const [t, lat, lon] = [summed(said.t, 1), summed(said.lat, 1e-6), summed(said.lon, 1e-6)];
      this.tracks.push({ device, label, unit, t, lat, lon });
    } else {
      this.leftOut = said.left_out;
      this.whole = true;
    }
  }

  /** How much of the period is there, 0 … 1. */
  get progress(): number {
    const last = this.steps.at(-1)?.at ?? this.from;
    return this.whole ? 1 : Math.min(0.99, (last - this.from) / Math.max(1, this.to - this.from));
  }

  /** Moments at which an alert opened or was raised, ascending. */
  get calls(): number[] {
    const at = this.alerts.flatMap((alert) =>
      alert.steps.filter(([when, step]) => when >= this.from && CALLS.has(step)).map(([when]) => when),
    );
    return at.toSorted((a, b) => a - b);
  }
}

const CALLS = new Set(['opened', 'raised', 'reopened', 'escalated']);

/** Seconds between two judgements of coverage: fine for an hour, coarse for a week. */
export function stepFor(span: Span): number {
  const seconds = (span.to - span.from) / 1000;
  return STEPS_S.find((step) => seconds / step <= MOST_STEPS) ?? STEPS_S[STEPS_S.length - 1];
}

/** Address of a clip. */
export function clipPath(span: Span, then: boolean, only: readonly string[]): string {
  const fields = new URLSearchParams({
    from: new Date(span.from).toISOString(),
    to: new Date(span.to).toISOString(),
    step: String(stepFor(span)),
    known: then ? 'then' : 'now',
  });
  for (const device of only) fields.append('device', device);
  return `/replay?${fields}`;
}

/** Split a stream of bytes into lines. */
export async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    rest += decoder.decode(value, { stream: !done });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter(Boolean);
    if (done) break;
  }
  if (rest) yield rest;
}
