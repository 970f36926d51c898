// Generated from schemas/rest.py by `python -m schemas.generate`; do not edit.

/** A fact that a person must see. */
export interface Alert {
  id: number;
  key: string;
  /** coverage_gap, ... */
  kind: string;
  level: "blue" | "yellow" | "orange" | "red";
  state: "open" | "acknowledged" | "assigned" | "snoozed" | "escalated" | "resolved" | "withdrawn" | "closed";
  /** Number of its newest step; If-Match takes it. */
  version: number;
  cell: string | null;
  cell_name: string | null;
  /** Device it is about. */
  device: string | null;
  /** Badge of the officer it is about. */
  officer: string | null;
  /** Street it belongs to; null: the whole city's. */
  area: string | null;
  /** Expected cost; the larger comes first within a level. */
  priority: number;
  /** Who took its newest step. */
  actor: string;
  /** Device that was sent. */
  assignee: string | null;
  /** How far the device that was sent has come. */
  task: "given" | "accepted" | "arrived" | "done" | "refused" | "expired" | "cancelled" | null;
  /** How often it went on to a next person. */
  escalation: number;
  /** When it goes on by itself; null: it does not. */
  escalates_at: string | null;
  snoozed_until: string | null;
  opened_at: string;
  updated_at: string;
  ended_at: string | null;
  /** The numbers it was decided on. */
  facts: Record<string, unknown>;
  /** Why, in one Chinese sentence with the numbers. */
  text_zh: string;
  /** Why, in one English sentence with the numbers. */
  text_en: string;
  /** Given where one alert is asked for. */
  steps?: AlertStep[] | null;
}

/** One step in the life of an alert. */
export interface AlertStep {
  n: number;
  at: string;
  step: string;
  /** After the step; null: from before states were kept. */
  state: "open" | "acknowledged" | "assigned" | "snoozed" | "escalated" | "resolved" | "withdrawn" | "closed" | null;
  level: "blue" | "yellow" | "orange" | "red";
  /** system, an account, or a device that answered. */
  actor: string;
  /** Why, to whom, until when, as the step needs. */
  facts: Record<string, unknown>;
  text_zh: string;
  text_en: string;
}

/** Coverage rolled up to a grid, street or district. */
export interface AreaCoverage {
  area: string;
  level: "grid" | "street" | "district";
  name: string;
  owner: string | null;
  cells: number;
  fresh: number;
  due_soon: number;
  will_breach: number;
  overdue: number;
  unknown: number;
  /** Share of weight that is not overdue among known cells; null: none known. */
  covered: number | null;
  /** Share of cells whose state is known: how far `covered` can be trusted. */
  known: number;
  /** Of its cells, since the last valid visit of each, in the last 24 hours. */
  drive_throughs: number;
}

/** Coverage state of a unit cell at a moment. */
export interface CellCoverage {
  cell: string;
  state: "fresh" | "due_soon" | "will_breach" | "overdue" | "unknown";
  /** Duty seconds since the last valid visit ended; null: no visit known. */
  idle_s: number | null;
  /** Limit that the plan in force says for now; null: none. */
  limit_s: number | null;
  /** When the limit is reached or a required visit must be valid; null: neither, or it cannot be told. */
  due: string | null;
  /** End of the last valid visit; null: none known. */
  last_visit: string | null;
  /** A valid visit is going on. */
  present: boolean;
  /** Why the state is unknown. unheard: nothing was ever heard from the city; between: an officer was on the boundary, and may have made a valid visit here or been in another cell (who and when: `GET /api/v1/visits?kind=between`); hidden: a silence or a sighting may hide a visit. Null: it is known. */
  unknown: "unheard" | "between" | "hidden" | null;
  /** Null: the plan requires none now. */
  visits: RequiredVisits | null;
  /** Since the last valid visit, in the last 24 hours; they reset no wait. */
  drive_throughs: number;
}

/** Where a person or a system is told. */
export interface Channel {
  name: string;
  /** District or street; null: wherever. */
  area?: string | null;
  /** The least urgent that is told. */
  level?: "blue" | "yellow" | "orange" | "red";
  /** Local times between which only urgent things are told, such as 22:00 and 06:00. */
  quiet?: string[] | null;
  /** What comes within so many minutes is one message. */
  digest_min?: number;
  /** Messages an hour to the same person. */
  per_hour?: number;
  enabled?: boolean;
  id: number;
  /** Whose; null: a system's. */
  account: string | null;
  kind: "webhook" | "apprise" | "webpush";
  /** Why it was switched off by itself. */
  fault: string | null;
  made_at: string;
  made_by: string;
}

/** A channel as a person gives it; address and secret are never shown again. */
export interface ChannelGiven {
  name: string;
  /** District or street; null: wherever. */
  area?: string | null;
  /** The least urgent that is told. */
  level?: "blue" | "yellow" | "orange" | "red";
  /** Local times between which only urgent things are told, such as 22:00 and 06:00. */
  quiet?: string[] | null;
  /** What comes within so many minutes is one message. */
  digest_min?: number;
  /** Messages an hour to the same person. */
  per_hour?: number;
  enabled?: boolean;
  kind: "webhook" | "apprise" | "webpush";
  /** Of a webhook, or for apprise. */
  url?: string | null;
  /** Whose; null: the caller's. */
  account?: string | null;
  /** A system's: told of every step, and nobody's own. */
  system?: boolean;
}

/** A channel just made. */
export interface ChannelMade {
  name: string;
  /** District or street; null: wherever. */
  area?: string | null;
  /** The least urgent that is told. */
  level?: "blue" | "yellow" | "orange" | "red";
  /** Local times between which only urgent things are told, such as 22:00 and 06:00. */
  quiet?: string[] | null;
  /** What comes within so many minutes is one message. */
  digest_min?: number;
  /** Messages an hour to the same person. */
  per_hour?: number;
  enabled?: boolean;
  id: number;
  /** Whose; null: a system's. */
  account: string | null;
  kind: "webhook" | "apprise" | "webpush";
  /** Why it was switched off by itself. */
  fault: string | null;
  made_at: string;
  made_by: string;
  /** What webhooks are signed with, shown only now; null for other kinds. */
  secret: string | null;
}

/** When a channel is told of what. */
export interface ChannelSettings {
  name: string;
  /** District or street; null: wherever. */
  area?: string | null;
  /** The least urgent that is told. */
  level?: "blue" | "yellow" | "orange" | "red";
  /** Local times between which only urgent things are told, such as 22:00 and 06:00. */
  quiet?: string[] | null;
  /** What comes within so many minutes is one message. */
  digest_min?: number;
  /** Messages an hour to the same person. */
  per_hour?: number;
  enabled?: boolean;
}

/** What was told over a channel, or not. */
export interface Delivery {
  id: number;
  channel: number;
  channel_name: string;
  kind: "webhook" | "apprise" | "webpush";
  account: string | null;
  /** Null: a test. */
  alert: number | null;
  step: number | null;
  /** The step, or test. */
  reason: string;
  state: "waiting" | "sending" | "sent" | "failed" | "unsure" | "needless" | "dropped";
  /** Id of the message; several deliveries share one in a digest. */
  message: string | null;
  urgent: boolean;
  made_at: string;
  due_at: string;
  tries: number;
  ended_at: string | null;
  /** Why not, or why not yet. */
  detail: string | null;
}

/** An enrolled device. */
export interface Device {
  /** Name, unique in the city: the device level of its topic. */
  id: string;
  /** Number of the device in position frames. */
  slot: number;
  unit: string;
  label: string | null;
  datum: "wgs84" | "gcj02" | "bd09" | "cgcs2000";
  /** By its status message; null: never said. */
  online: boolean | null;
  /** Per cent; null unknown. */
  battery: number | null;
  enrolled_at: string;
  /** Shut out: the broker refuses it, and nothing that comes in its name is taken. */
  revoked: boolean;
  /** Null: no fix yet. */
  last: Position | null;
}

/** Who answers for a part of the city, from when to when. */
export interface DutyRoster {
  account: string;
  /** District or street; null: the whole city. */
  area?: string | null;
  /** 1 is told first, 2 when an alert was escalated once, ... */
  level: number;
  starts: string;
  ends: string;
  id: number;
  made_by: string;
}

/** Who answers for a part of the city, as a person gives it. */
export interface DutyRosterGiven {
  account: string;
  /** District or street; null: the whole city. */
  area?: string | null;
  /** 1 is told first, 2 when an alert was escalated once, ... */
  level: number;
  starts: string;
  ends: string;
}

/** Something an officer did or found. */
export interface Event {
  id: string;
  /** Null: of a part of the city that is not in sight. */
  device: string | null;
  t: string;
  received: string;
  lat: number;
  lon: number;
  acc: number | null;
  type: string;
  text: string | null;
  subject: string | null;
  media: Media[];
  case: string | null;
  cell: string | null;
}

/** A photograph or recording of an event. */
export interface Media {
  sha256: string;
  mime: string;
  bytes: number;
}

/** Tail of every list: the cursor of the next page, null on the last. */
export interface Page {
  next: string | null;
}

/** Newest known place of a device. */
export interface Position {
  t: string;
  /** Degrees north, WGS-84. */
  lat: number;
  /** Degrees east, WGS-84. */
  lon: number;
  /** m, 68 % radius; null unknown. */
  acc: number | null;
  /** Where the device does not say it: m, estimated from its track. Null in lists. */
  acc_estimated?: number | null;
  /** m/s; null unknown. */
  spd: number | null;
  /** Degrees clockwise from north; null unknown. */
  hdg: number | null;
  duty: "duty" | "task" | "break" | "off";
  /** Code of the unit cell of the stay that it is part of; null: no stay is known. */
  cell: string | null;
  /** Codes of two cells of which nobody can say in which the device is; of one and null at the edge of the cells. `cell` is null then. */
  between?: [string, string | null] | null;
}

/** RFC 9457 problem document. */
export interface Problem {
  type?: string;
  title: string;
  status: number;
  detail: string;
  instance?: string | null;
}

/** Why a version of what was known ended, or came otherwise than in order. */
export interface Reason {
  kind: "late" | "event" | "restart" | "failure" | "rebuild" | "doubt" | "rules";
  /** Whose data it was. */
  device?: string | null;
  /** When the last of the data came in. */
  received?: string | null;
}

/** A refused message, kept for the operator. */
export interface Refused {
  id: number;
  at: string;
  reason: string;
  topic: string;
  detail: string;
  /** Its first 1,024 bytes, base64; null where keeping them would keep personal data. */
  payload: string | null;
}

/** Valid visits that a plan requires of a cell in the window that is going on. */
export interface RequiredVisits {
  /** Visits that must begin in the window. */
  required: number;
  done: number;
  window_from: string;
  /** Not included. */
  window_to: string;
  /** Latest time at which the next must begin, so that one officer can make all; null: all are made. */
  begin_by: string | null;
}

/** Presence of a device in a cell. */
export interface Stay {
  id: number;
  /** Null: of a part of the city that is not in sight. */
  device: string | null;
  cell: string;
  t_in: string;
  t_out: string;
  dwell_s: number;
  path_m: number;
  fixes: number;
  /** between: no stay, but time in which no fix said surely in which cell the device was; it may have made a valid visit in `cell`, or have been in `other`. */
  kind: "visit" | "short" | "drive_through" | "between";
  open: boolean;
  /** Of time between cells: the other cell; null: outside every cell. */
  other: string | null;
  known_from: string;
  known_to: string | null;
  /** Why this version no longer holds. */
  reason: Reason | null;
  /** Why it became known otherwise than in order; null: as it happened. */
  cause: Reason | null;
}

/** An officer sent to an alert. */
export interface Task {
  id: string;
  alert: number;
  device: string;
  /** Badge of who carried the device. */
  officer: string | null;
  cell: string | null;
  state: "given" | "accepted" | "arrived" | "done" | "refused" | "expired" | "cancelled";
  /** The broker has the order. */
  sent: boolean;
  made_at: string;
  made_by: string;
  updated_at: string;
  /** For the next answer; null: it ended. */
  deadline: string | null;
  /** What the officer wrote, or why it ended. */
  reason: string | null;
}
