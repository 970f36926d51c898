// Generated from schemas/live.py by `python -m schemas.generate`; do not edit.

/** Last message before the server closes. */
export interface Bye {
  /** Says what the message is. */
  type: "bye";
  /** One of ENDS. */
  reason: string;
}

/** Cells that changed. */
export interface Cells {
  /** Says what the message is. */
  type: "cells";
  /** Moment of the evaluation. */
  at: string;
  /** Version of the city that is in sight. */
  city: string;
  /** Those that changed since the last one that was sent. */
  changes: ([number, "due_soon" | "fresh" | "overdue" | "unknown" | "will_breach", number | null, number | null, 0 | 1])[];
}

/** Devices in sight by what they do, and what the view shows of them; the heartbeat. */
export interface Counts {
  /** Says what the message is. */
  type: "counts";
  /** Server's clock. */
  at: string;
  /** With a position. */
  total: number;
  /** Of them. */
  moving: number;
  /** Of them. */
  still: number;
  /** Of them. */
  silent: number;
  /** Of them: only one fix so far, without speed. */
  unknown: number;
  /** Records in the view. */
  shown: number;
  /** Detail of the view. */
  band: "dots" | "grid" | "sampled";
}

/** What people call a device. */
export interface DeviceName {
  /** Its number in frames. */
  slot: number;
  /** Name, unique in the city. */
  id: string;
  /** What is written on it; null: nothing. */
  label: string | null;
  /** Team that has it. */
  unit: string;
}

/** Names of devices, before the first frame with their slots. */
export interface Devices {
  /** Says what the message is. */
  type: "devices";
  /** Those that were not named on this connection. */
  items: DeviceName[];
}

/** First answer. */
export interface Hello {
  /** Says what the message is. */
  type: "hello";
  /** PROTOCOL. */
  protocol: number;
  /** Of the database: numbers of another epoch mean nothing. */
  epoch: string;
  /** Event log items after it follow; where a state comes, its own offset counts instead. */
  offset: number;
  /** Server's clock. */
  now: string;
  /** The event log goes on behind the offset that was asked for, and no state comes. */
  recovered: boolean;
  /** IANA name of the city's zone; null: not read yet. */
  time_zone: string | null;
}

/** Something that happened once. */
export interface LogItem {
  /** Number, growing, with gaps. */
  seq: number;
  /** When it was stored. */
  at: string;
  /** alert, event, stay, device or grid. */
  kind: string;
  /** By kind. */
  body: unknown;
}

/** What happened, in order, each once. */
export interface LogItems {
  /** Says what the message is. */
  type: "lane";
  /** In order of their numbers. */
  items: LogItem[];
}

/** Where the viewer looks. */
export interface Look {
  /** Says what the message is. */
  type: "view";
  /** West, south, east, north, degrees. */
  bbox: [number, number, number, number];
  /** Of the map, whose world is 512 · 2^zoom px wide. */
  zoom: number;
  /** Slots or names of devices that are always sent. */
  selected?: (number | string)[];
}

/** All that is known, in place of all that was. */
export interface State {
  /** Says what the message is. */
  type: "state";
  /** As in hello. */
  epoch: string;
  /** Event log items after it follow. */
  offset: number;
  /** Alerts that stand. */
  alerts: (Record<string, unknown>)[];
  /** Events of the last hour, newest first. */
  events: (Record<string, unknown>)[];
  /** Version of the city that is in sight; null: not read yet. */
  city: string | null;
  /** Every cell in sight. */
  cells: ([number, "due_soon" | "fresh" | "overdue" | "unknown" | "will_breach", number | null, number | null, 0 | 1])[];
}

/** First message: where it looks and from where it resumes. */
export interface Subscribe {
  /** Says what the message is. */
  type: "subscribe";
  /** West, south, east, north, degrees. */
  bbox: [number, number, number, number];
  /** Of the map, whose world is 512 · 2^zoom px wide. */
  zoom: number;
  /** Slots or names of devices that are always sent. */
  selected?: (number | string)[];
  /** Of the last connection. */
  epoch?: string | null;
  /** Number of the last event log item it took. */
  offset?: number | null;
}
