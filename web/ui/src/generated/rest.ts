// Generated from schemas/rest.py by `python -m schemas.generate`; do not edit.

/** An alert. */
export interface Alert {
  id: number;
  key: string;
  /** coverage_gap, ... */
  kind: string;
  level: "blue" | "yellow" | "orange" | "red";
  state: "open" | "acknowledged" | "assigned" | "snoozed" | "escalated" | "resolved" | "withdrawn" | "closed";
  /** Number of its newest step, for If-Match. */
  version: number;
  cell: string | null;
  cell_name: string | null;
  /** Its device. */
  device: string | null;
  /** Badge of its officer. */
  officer: string | null;
  /** Street; null: whole city. */
  area: string | null;
  /** Expected cost; larger first within a level. */
  priority: number;
  /** Actor of its newest step. */
  actor: string;
  /** Device of the officer sent. */
  assignee: string | null;
  /** State of the task. */
  task: "given" | "accepted" | "arrived" | "done" | "refused" | "expired" | "cancelled" | null;
  /** Number of escalations. */
  escalation: number;
  /** Time of the next automatic escalation; null: none. */
  escalates_at: string | null;
  snoozed_until: string | null;
  opened_at: string;
  updated_at: string;
  ended_at: string | null;
  /** Data on which it was decided. */
  facts: Record<string, unknown>;
  /** Reason, as a Chinese sentence. */
  text_zh: string;
  /** Reason, as an English sentence. */
  text_en: string;
  /** Only for a single alert. */
  steps?: AlertStep[] | null;
}

/** One step of an alert. */
export interface AlertStep {
  n: number;
  at: string;
  step: string;
  /** State after the step; null: not recorded. */
  state: "open" | "acknowledged" | "assigned" | "snoozed" | "escalated" | "resolved" | "withdrawn" | "closed" | null;
  level: "blue" | "yellow" | "orange" | "red";
  /** system, an account, or the answering device. */
  actor: string;
  /** Reason, recipient, end and so on, by step. */
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
  /** Share of cells with a known state: reliability of `covered`. */
  known: number;
  /** In its cells, since the last valid visit of each, in the last 24 hours. */
  drive_throughs: number;
}

/** Coverage state of a unit cell at a moment. */
export interface CellCoverage {
  cell: string;
  state: "fresh" | "due_soon" | "will_breach" | "overdue" | "unknown";
  /** Duty seconds since the end of the last valid visit; null: none known. */
  idle_s: number | null;
  /** Present limit by the plan in force; null: none. */
  limit_s: number | null;
  /** Due time by the limit or a required visit; null: none or unknown. */
  due: string | null;
  /** End of the last valid visit; null: none known. */
  last_visit: string | null;
  /** A valid visit is in progress. */
  present: boolean;
  /** Why the state is unknown. unheard: nothing was ever heard from the city; between: an officer was on the boundary, and may have made a valid visit here or been in another cell (who and when: `GET /api/v1/visits?kind=between`); hidden: a silence or a sighting may hide a visit. Null: it is known. */
  unknown: "unheard" | "between" | "hidden" | null;
  /** Null: none required now. */
  visits: RequiredVisits | null;
  /** Since the last valid visit, in the last 24 hours; they do not reset the wait. */
  drive_throughs: number;
}

/** A channel to a person or a system. */
export interface Channel {
  name: string;
  /** District or street; null: everywhere. */
  area?: string | null;
  /** Minimum level. */
  level?: "blue" | "yellow" | "orange" | "red";
  /** Local times between which only urgent messages are sent, such as 22:00 and 06:00. */
  quiet?: string[] | null;
  /** Minutes whose notifications form one message. */
  digest_min?: number;
  /** Most messages per hour to the same person. */
  per_hour?: number;
  enabled?: boolean;
  id: number;
  /** Owner; null: a system channel. */
  account: string | null;
  kind: "webhook" | "apprise" | "webpush";
  /** Reason of automatic disabling. */
  fault: string | null;
  made_at: string;
  made_by: string;
}

/** A channel to add; address and secret are never shown again. */
export interface ChannelGiven {
  name: string;
  /** District or street; null: everywhere. */
  area?: string | null;
  /** Minimum level. */
  level?: "blue" | "yellow" | "orange" | "red";
  /** Local times between which only urgent messages are sent, such as 22:00 and 06:00. */
  quiet?: string[] | null;
  /** Minutes whose notifications form one message. */
  digest_min?: number;
  /** Most messages per hour to the same person. */
  per_hour?: number;
  enabled?: boolean;
  kind: "webhook" | "apprise" | "webpush";
  /** Address of a webhook, or for Apprise. */
  url?: string | null;
  /** Owner; null: the caller. */
  account?: string | null;
  /** System channel: receives every step and has no owner. */
  system?: boolean;
}

/** A new channel. */
export interface ChannelMade {
  name: string;
  /** District or street; null: everywhere. */
  area?: string | null;
  /** Minimum level. */
  level?: "blue" | "yellow" | "orange" | "red";
  /** Local times between which only urgent messages are sent, such as 22:00 and 06:00. */
  quiet?: string[] | null;
  /** Minutes whose notifications form one message. */
  digest_min?: number;
  /** Most messages per hour to the same person. */
  per_hour?: number;
  enabled?: boolean;
  id: number;
  /** Owner; null: a system channel. */
  account: string | null;
  kind: "webhook" | "apprise" | "webpush";
  /** Reason of automatic disabling. */
  fault: string | null;
  made_at: string;
  made_by: string;
  /** Secret that signs webhooks, shown only now; null for other kinds. */
  secret: string | null;
}

/** When a channel is notified of which alerts. */
export interface ChannelSettings {
  name: string;
  /** District or street; null: everywhere. */
  area?: string | null;
  /** Minimum level. */
  level?: "blue" | "yellow" | "orange" | "red";
  /** Local times between which only urgent messages are sent, such as 22:00 and 06:00. */
  quiet?: string[] | null;
  /** Minutes whose notifications form one message. */
  digest_min?: number;
  /** Most messages per hour to the same person. */
  per_hour?: number;
  enabled?: boolean;
}

/** A delivery over a channel. */
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
  /** Reason of a failure or delay. */
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
  /** By its status message; null: never reported. */
  online: boolean | null;
  /** Per cent; null unknown. */
  battery: number | null;
  enrolled_at: string;
  /** Revoked: the broker refuses it, and its messages are refused. */
  revoked: boolean;
  /** Null: no fix yet. */
  last: Position | null;
}

/** A duty: an account responsible for a part of the city in a period. */
export interface DutyRoster {
  account: string;
  /** District or street; null: the whole city. */
  area?: string | null;
  /** 1 is notified first, 2 after the first escalation, ... */
  level: number;
  starts: string;
  ends: string;
  id: number;
  made_by: string;
}

/** A duty to add: an account responsible for a part of the city. */
export interface DutyRosterGiven {
  account: string;
  /** District or street; null: the whole city. */
  area?: string | null;
  /** 1 is notified first, 2 after the first escalation, ... */
  level: number;
  starts: string;
  ends: string;
}

/** Something an officer did or found. */
export interface Event {
  id: string;
  /** Null: in a part of the city that is not in sight. */
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

/** End of every list: the cursor of the next page, null on the last. */
export interface Page {
  next: string | null;
}

/** Newest known position of a device. */
export interface Position {
  t: string;
  /** Degrees north, WGS-84. */
  lat: number;
  /** Degrees east, WGS-84. */
  lon: number;
  /** m, 68 % radius; null unknown. */
  acc: number | null;
  /** Estimated from the track, m, if the device does not report it. Null in lists. */
  acc_estimated?: number | null;
  /** m/s; null unknown. */
  spd: number | null;
  /** Degrees clockwise from north; null unknown. */
  hdg: number | null;
  duty: "duty" | "task" | "break" | "off";
  /** Code of the unit cell of its stay; null: no known stay. */
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

/** Why a version ended, or was created out of order. */
export interface Reason {
  kind: "late" | "event" | "restart" | "failure" | "rebuild" | "doubt" | "rules";
  /** Device of the data. */
  device?: string | null;
  /** Receipt of the last of the data. */
  received?: string | null;
}

/** A refused message, kept for operators. */
export interface Refused {
  id: number;
  at: string;
  reason: string;
  topic: string;
  detail: string;
  /** Its first 1,024 bytes, base64; null if they would be personal data. */
  payload: string | null;
}

/** Required valid visits of a cell in the present window. */
export interface RequiredVisits {
  /** Visits that must begin in the window. */
  required: number;
  done: number;
  window_from: string;
  /** Not included. */
  window_to: string;
  /** Latest start of the next visit, so that one officer can make all; null: all are made. */
  begin_by: string | null;
}

/** A stay of a device in a cell. */
export interface Stay {
  id: number;
  /** Null: in a part of the city that is not in sight. */
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
  /** For time between cells: the other cell; null: outside all cells. */
  other: string | null;
  known_from: string;
  known_to: string | null;
  /** Why this version is no longer valid. */
  reason: Reason | null;
  /** Why it became known out of order; null: in order. */
  cause: Reason | null;
}

/** An officer sent to an alert. */
export interface Task {
  id: string;
  alert: number;
  device: string;
  /** Badge of the carrier. */
  officer: string | null;
  cell: string | null;
  state: "given" | "accepted" | "arrived" | "done" | "refused" | "expired" | "cancelled";
  /** The broker has the order. */
  sent: boolean;
  made_at: string;
  made_by: string;
  updated_at: string;
  /** Deadline of the next answer; null: ended. */
  deadline: string | null;
  /** Text of the officer, or the reason of its end. */
  reason: string | null;
}
