// Generated from schemas/wire.py by `python -m schemas.generate`; do not edit.

/** How far one boot is stored without a gap, published on `ack`; the device may delete these fixes. */
export interface Ack {
  /** Boot the sequence belongs to. Required. */
  boot: string;
  /** Every fix of this boot from 0, or from its `first`, to `seq` is stored, or was refused for its content. */
  seq: number;
}

/** Order to a device, published on `cmd`. */
export interface Command {
  /** Idempotency key. Required. */
  id: string;
  /** goto, message, ... Required. */
  type: string;
  /** When it was given. Required. */
  t: number;
  /** The device ignores the command afterwards. Required. */
  expires: number;
  /** Code of the unit cell to go to. Absent: none. */
  cell?: string | null;
  /** Where to go, in the device's declared datum. Absent: nowhere. */
  lat?: number | null;
  /** Where to go, in the device's declared datum. Absent: nowhere. */
  lon?: number | null;
  /** Message for the officer. Absent: nothing. */
  text?: string | null;
}

/** What the officer is doing by the device's own account. */
export type Duty = "break" | "duty" | "off" | "task";

/** Something an officer did or found. Key: `id`; duplicates are ignored. */
export interface Event {
  /** ULID, the idempotency key. Required. */
  id: string;
  /** When it happened, ms since 1970-01-01 UTC. Required. */
  t: number;
  /** Degrees north, in the device's declared datum. Required. */
  lat: number;
  /** Degrees east, in the device's declared datum. Required. */
  lon: number;
  /** Code of the event catalogue, for example 05.01 (vending); or sign_in, sign_out, sos, checkpoint. Required. */
  type: string;
  /** Radius of 68 % confidence, m. Absent: unknown. */
  acc?: number | null;
  /** Text of the officer; the badge for sign_in, the code for checkpoint. Absent: nothing. */
  text?: string | null;
  /** Keyed hash of the party or shop, never a name. Absent: nobody named. */
  subject?: string | null;
  /** Photographs and recordings. Absent: none. */
  media?: Media[];
  /** Case number. Absent: none. */
  case?: string | null;
}

/** Position of a device at one moment. Key: (device, `t`); duplicates are ignored. */
export interface Fix {
  /** Time of the GNSS fix, ms since 1970-01-01 UTC. Required. */
  t: number;
  /** Degrees north, -90 to 90, in the device's declared datum. Required. */
  lat: number;
  /** Degrees east, -180 to 180, in the device's declared datum. Required. */
  lon: number;
  /** Radius of 68 % confidence, m. Absent: unknown, estimated from the track by rules, NULL is stored. */
  acc?: number | null;
  /** Speed over ground, m/s. Absent: unknown, never 0 or -1. */
  spd?: number | null;
  /** Course over ground, degrees clockwise from north. Absent: unknown. */
  hdg?: number | null;
  /** Height above the ellipsoid, m. Absent: unknown. */
  alt?: number | null;
  /** Where the position comes from. `last_known`, `manual` and `ping` never count as presence. Absent: gnss. */
  src?: Source;
  /** Sequence number within one boot of the device. Absent: gaps are not detected. */
  seq?: number | null;
  /** Identifies one boot of the device. Absent: restarts are not detected. */
  boot?: string | null;
  /** First number of the boot that will be sent; ignored above `seq`. Absent: 0. */
  first?: number | null;
  /** Battery, per cent. Absent: unknown. */
  bat?: number | null;
  /** Satellites used. Absent: unknown. */
  sat?: number | null;
  /** True if the platform reports a mocked position. Absent: false. */
  mock?: boolean;
  /** What the officer is doing. `off` is refused and not stored. Absent: duty. */
  duty?: Duty;
  /** Whether the body camera is recording. Absent: unknown. */
  rec?: boolean | null;
}

/** A photograph or recording that belongs to an event, uploaded over HTTP by its hash. */
export interface Media {
  /** SHA-256 of the bytes, lower-case hexadecimal. Required. */
  sha256: string;
  /** Media type, for example image/jpeg. Required. */
  mime: string;
  /** Size in bytes. Required. */
  bytes: number;
}

/** OwnTracks position. `acc`, `alt`, `cog`, `vel` are sent only when not zero, so absence is unknown. */
export interface OwnTracksLocation {
  /** Says what the message is. */
  _type: "location";
  /** Degrees north, WGS-84. Required. */
  lat: number;
  /** Degrees east, WGS-84. Required. */
  lon: number;
  /** Seconds since 1970-01-01 UTC of the fix; of sending when `t` is "p". Required. */
  tst: number;
  /** Radius of confidence, m. Absent: unknown. */
  acc?: number | null;
  /** Height, m. Absent: unknown. */
  alt?: number | null;
  /** Battery, per cent. Absent: unknown. */
  batt?: number | null;
  /** Course over ground, degrees. Absent: unknown. */
  cog?: number | null;
  /** Speed, km/h. Absent: unknown or zero. */
  vel?: number | null;
  /** Trigger; "p" is a ping, "u" by hand. Absent: not said. */
  t?: string | null;
}

/** OwnTracks region transition; a place and a time that the phone measured. */
export interface OwnTracksTransition {
  /** Says what the message is. */
  _type: "transition";
  /** Degrees north, WGS-84. Required. */
  lat: number;
  /** Degrees east, WGS-84. Required. */
  lon: number;
  /** Seconds since 1970-01-01 UTC of the transition. Required. */
  tst: number;
  /** enter or leave. Required. */
  event: string;
  /** Radius of confidence, m. Absent: unknown. */
  acc?: number | null;
}

/** OwnTracks last will: the phone is offline; `tst` is when it first connected. */
export interface OwnTracksWill {
  /** Says what the message is. */
  _type: "lwt";
  /** Seconds since 1970-01-01 UTC. Absent: unknown. */
  tst?: number | null;
}

/** Answer of a device to a command. */
export interface Reply {
  /** Id of the command answered. Required. */
  cmd: string;
  /** Answer of the officer. Required. */
  state: ReplyState;
  /** When, ms since 1970-01-01 UTC. Required. */
  t: number;
  /** Text of the officer. Absent: nothing. */
  text?: string | null;
}

/** What the officer answered to a command. */
export type ReplyState = "accepted" | "arrived" | "done" | "refused";

/** Where a position comes from. */
export type Source = "fused" | "gnss" | "last_known" | "manual" | "network" | "ping";

/** Retained state of a device; its last will says `online: false`. */
export interface Status {
  /** False in the last will. Required. */
  online: boolean;
  /** Time of writing. Absent (last will): time of receipt. */
  t?: number | null;
  /** Battery, per cent. Absent: unknown. */
  bat?: number | null;
  /** Version of the device's software. Absent: unknown. */
  app?: string | null;
}
