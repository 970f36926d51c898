// Generated from schemas/clips.py by `python -m schemas.generate`; do not edit.

/** A proposed officer for an alert. */
export interface Assignment {
  alert: number;
  cell: string;
  device: string;
  /** Badge of the carrier; null: unknown. */
  officer: string | null;
  /** Time until the arrival, s. */
  arrival_s: number;
  /** Along the streets, approximate, m. */
  way_m: number;
}

/** Proposals, the most urgent first; each officer is proposed at most once. */
export interface Assignments {
  items: Assignment[];
}

/** A presence without an absence of a minute. */
export interface Interval {
  t_in: string;
  t_out: string;
  /** Fixes inside; 0: crossed on the straight line between two fixes outside. */
  fixes: number;
}

/** A GeoJSON polygon without holes, WGS-84 degrees. */
export interface Polygon {
  type: "Polygon";
  coordinates: (([number, number])[])[];
}

/** A device that was in the area. */
export interface Presence {
  device: string;
  label: string | null;
  unit: string;
  /** Name of the carrier at that time; null: unknown. */
  officer: string | null;
  badge: string | null;
  /** Total time inside. */
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

/** Devices in the area, in order of their first arrival. */
export interface Presences {
  items: Presence[];
}
