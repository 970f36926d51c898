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
  /** Version of the city in sight. */
  city: string;
  /** Changes since the last message. */
  changes: ([number, "due_soon" | "fresh" | "overdue" | "unknown" | "will_breach", number | null, number | null, 0 | 1])[];
}

/** Counts of devices in sight and in the view; the heartbeat. */
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
  /** Of them: a single fix so far, without speed. */
  unknown: number;
  /** Records in the view. */
  shown: number;
  /** Detail of the view. */
  band: "dots" | "grid" | "sampled";
}

/** Names of a device. */
export interface DeviceName {
  /** Its number in frames. */
  slot: number;
  /** Name, unique in the city. */
  id: string;
  /** Label; null: none. */
  label: string | null;
  /** Unit that owns it. */
  unit: string;
}

/** Names of devices, before the first frame with their slots. */
export interface Devices {
  /** Says what the message is. */
  type: "devices";
  /** Devices not yet named on this connection. */
  items: DeviceName[];
}

/** First answer. */
export interface Hello {
  /** Says what the message is. */
  type: "hello";
  /** PROTOCOL. */
  protocol: number;
  /** Identifies the database: numbers of another epoch are meaningless. */
  epoch: string;
  /** Event log items after it follow; if a state follows, its offset counts instead. */
  offset: number;
  /** Server's clock. */
  now: string;
  /** The event log continues after the requested offset, without a state. */
  recovered: boolean;
  /** IANA name of the time zone; null: not read yet. */
  time_zone: string | null;
}

/** An entry of the event log. */
export interface LogItem {
  /** Number, increasing, with gaps. */
  seq: number;
  /** When it was stored. */
  at: string;
  /** alert, event, stay, device or grid. */
  kind: string;
  /** By kind. */
  body: unknown;
}

/** Entries in order, each once. */
export interface LogItems {
  /** Says what the message is. */
  type: "lane";
  /** In order of their numbers. */
  items: LogItem[];
}

/** The view of a viewer. */
export interface Look {
  /** Says what the message is. */
  type: "view";
  /** West, south, east, north, degrees. */
  bbox: [number, number, number, number];
  /** Zoom of the map, whose world is 512 · 2^zoom px wide. */
  zoom: number;
  /** Slots or names of devices that are always sent. */
  selected?: (number | string)[];
}

/** The full state, replacing the earlier one. */
export interface State {
  /** Says what the message is. */
  type: "state";
  /** As in hello. */
  epoch: string;
  /** Event log items after it follow. */
  offset: number;
  /** Open alerts. */
  alerts: (Record<string, unknown>)[];
  /** Events of the last hour, newest first. */
  events: (Record<string, unknown>)[];
  /** Version of the city in sight; null: not read yet. */
  city: string | null;
  /** Every cell in sight. */
  cells: ([number, "due_soon" | "fresh" | "overdue" | "unknown" | "will_breach", number | null, number | null, 0 | 1])[];
}

/** First message: the view, and where to resume. */
export interface Subscribe {
  /** Says what the message is. */
  type: "subscribe";
  /** West, south, east, north, degrees. */
  bbox: [number, number, number, number];
  /** Zoom of the map, whose world is 512 · 2^zoom px wide. */
  zoom: number;
  /** Slots or names of devices that are always sent. */
  selected?: (number | string)[];
  /** Epoch of the last connection. */
  epoch?: string | null;
  /** Number of the last received event log item. */
  offset?: number | null;
}
