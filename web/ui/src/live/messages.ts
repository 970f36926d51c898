// JSON messages of the live protocol, version 1 (docs/live-protocol.md §2 and §3).

import type { Alert, Device, Event, Stay } from '../types.ts';

/** What a viewer wants positions of. */
export interface View {
  /** West, south, east, north in degrees. */
  bbox: [number, number, number, number];
  zoom: number;
  /** Slots or names that are always sent, at most 64. */
  selected: (number | string)[];
}

export interface Hello {
  type: 'hello';
  protocol: number;
  epoch: string;
  offset: number;
  now: string;
  recovered: boolean;
  /** Null until the server has read the settings of the city. */
  time_zone: string | null;
}

/** Cell id, state, due (ms), end of the last visit (ms), an officer is present. */
export type CellChange = [number, string, number | null, number | null, 0 | 1];

export interface CellsMessage {
  type: 'cells';
  at: string;
  changes: CellChange[];
}

export interface StateMessage {
  type: 'state';
  epoch: string;
  offset: number;
  alerts: Alert[];
  events: Event[];
  cells: CellsMessage | CellChange[];
}

export type LaneItem = { seq: number; at: string } & (
  | { kind: 'alert'; body: Alert }
  | { kind: 'event'; body: Event }
  | { kind: 'stay'; body: Stay }
  | { kind: 'device'; body: Device }
  | { kind: 'grid'; body: unknown }
);

export interface LaneMessage {
  type: 'lane';
  items: LaneItem[];
}

export interface DeviceName {
  slot: number;
  id: string;
  label: string | null;
  unit: string;
}

export interface DevicesMessage {
  type: 'devices';
  items: DeviceName[];
}

export interface Counts {
  type: 'counts';
  at: string;
  total: number;
  moving: number;
  still: number;
  silent: number;
  shown: number;
  band: 'dots' | 'sampled' | 'grid';
}

export interface Bye {
  type: 'bye';
  reason: string;
}

export type ServerMessage = Hello | StateMessage | LaneMessage | CellsMessage | DevicesMessage | Counts | Bye;
