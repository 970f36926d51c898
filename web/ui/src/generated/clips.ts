// Generated from schemas/clips.py by `python -m schemas.generate`; do not edit.

/** A proposal of whom to send to an alert. */
export interface Assignment {
  alert: number;
  cell: string;
  device: string;
  /** Badge of who carries the device; null: nobody is known. */
  officer: string | null;
  /** Until the officer is there, s. */
  arrival_s: number;
  /** On the streets, about, m. */
  way_m: number;
}

/** Proposals, the most urgent first; each officer is in one at most. */
export interface Assignments {
  items: Assignment[];
}

/** Presence without an absence of a minute. */
export interface Interval {
  t_in: string;
  t_out: string;
  /** Fixes inside; 0: the straight way between two fixes outside led through. */
  fixes: number;
}

/** A GeoJSON polygon without holes, WGS-84 degrees. */
export interface Polygon {
  type: "Polygon";
  coordinates: (([number, number])[])[];
}

/** A device that was there. */
export interface Presence {
  device: string;
  label: string | null;
  unit: string;
  /** Name of the officer who carried it then; null: nobody is known. */
  officer: string | null;
  badge: string | null;
  /** Time inside in all. */
  seconds: number;
  fixes: number;
  intervals: Interval[];
}

/** A drawn area and a period. */
export interface PresenceQuery {
  polygon: Polygon;
  /** Included. */
  from: string;
  /** Not included; at most 31 days after `from`. */
  to: string;
}

/** Who was there, in order of the first arrival. */
export interface Presences {
  items: Presence[];
}
