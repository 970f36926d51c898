// Generated from schemas/figures.py by `python -m schemas.generate`; do not edit.

/** Arrivals at shifts. */
export interface Arrivals {
  /** In the area up to 10 min after the start. */
  on_time: number;
  /** Up to 30 min after it. */
  late: number;
  /** Later or never. */
  absent: number;
  /** Unknown: too many gaps in the track, or no area. */
  unknown: number;
}

/** Required checkpoints: each once in every window of required visits of its cell, else once in the period. */
export interface Checkpoints {
  required: number;
  /** By 30 s within 30 m, or within the accuracy of the fixes, or by its tag. */
  passed: number;
  /** Not passed as far as known, but silence may hide it. */
  unknown: number;
  /** Passed among those of which it can be told; null: too much is unknown (below 70 %), or there is nothing to tell of. */
  share: number | null;
}

/** Indicators by officer or device. */
export interface People {
  next: string | null;
  from: string;
  to: string;
  items: Person[];
}

/** Indicators of an officer or a device over a period. */
export interface Person {
  level: "officer" | "device";
  /** Badge of the officer, or name of the device. */
  code: string;
  name: string | null;
  unit: string;
  shifts: number;
  /** Length of the shifts. */
  expected_s: number;
  /** Time of them that the track covers: Σ min(time between fixes, 120 s). */
  covered_s: number;
  /** covered_s / expected_s; null: no shift. */
  completeness: number | null;
  /** The track covers 70 % of the shifts; otherwise figures that depend on time are null. */
  assessable: boolean;
  /** Time of the shifts inside the area. */
  on_post_s: number | null;
  on_post_rate: number | null;
  arrivals: Arrivals;
  /** Distance walked inside cells, jitter removed, without drives. */
  way_m: number;
  drive_m: number;
  visits: number;
  drive_throughs: number;
  drive_through_share: number | null;
  /** Fixes received in the hours that the period touches. */
  fixes: number;
  /** fixes × interval / time of the shifts; null: no shift. */
  fix_share: number | null;
  /** Share of fixes that arrived more than 60 s late. */
  late_share: number | null;
  /** Share of fixes with the recorder running, of those that report it. */
  recorder_share: number | null;
  events: number;
  /** Share of known events with the recorder running from 10 s before. */
  events_recorded: number | null;
  /** Share of known events with a second officer within 50 m. */
  events_two: number | null;
}

/** Indicators of a cell or an area over a period. */
export interface Place {
  code: string;
  level: "cell" | "grid" | "street" | "district";
  name: string | null;
  /** Owner of the area; for a cell, of its grid. */
  owner: string | null;
  cells: number;
  /** Cells with all required visits. */
  visited: number;
  not_visited: number;
  /** Unknown cells: neither covered nor failed. */
  unknown: number;
  /** Visited among known cells; null: too much is unknown (below 70 %), or there is nothing to tell of. */
  coverage: number | null;
  /** The same, weighted. */
  coverage_weighted: number | null;
  /** Length of roads within 20 m of tracks, among cells of which it can be told; null: too much is unknown (below 70 %), or there is nothing to tell of. By visited cells: the same as `coverage` by length of roads as the grid file says it. */
  coverage_road: number | null;
  /** Basis of coverage_road: roads along tracks, or visited cells if no roads are known. */
  coverage_road_by: "walked" | "visited";
  /** Share of known cells with 60 % of their roads walked; null if by visited cells. */
  coverage_road_cells: number | null;
  checkpoints: Checkpoints;
  /** Share of required visits made, mean over known cells. */
  completion: number | null;
  /** Share of duty time with a wait within the limit; null: too much is unknown (below 70 %), or there is nothing to tell of. */
  compliance: number | null;
  /** Valid visits that began in the period. */
  visits: number;
  drive_throughs: number;
  /** Among drive-throughs and valid visits. */
  drive_through_share: number | null;
  /** Wait averaged over duty time and cells: Σ gap² / 2T. */
  idle_mean_s: number | null;
  /** The same, weighted by the cells. */
  idle_weighted_s: number | null;
  /** Mean of waits ended by a visit, duty seconds. */
  gap_mean_s: number | null;
  /** Standard deviation of them. */
  gap_std_s: number | null;
  /** Longest wait, including the open one. */
  worst_s: number | null;
  sufficiency: Sufficiency;
}

/** Indicators by cell or area. */
export interface Places {
  next: string | null;
  from: string;
  to: string;
  /** Duty time of the period. */
  duty_s: number;
  items: Place[];
}

/** Known shares of the data. */
export interface Sufficiency {
  /** Share of cells whose state is known. */
  known_cells: number;
  /** Share of duty time in which it is known whether the wait was within the limit. */
  known_time: number;
  /** Share of the duty time of the period in which anything was heard from the city. */
  observed: number;
  /** Share of hours with fixes that were compared with the roads. */
  roads_told: number;
  /** The same for checkpoints. */
  checkpoints_told: number;
}
