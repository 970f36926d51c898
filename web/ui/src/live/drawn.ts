// What is drawn of a device, and of many at once.

export interface Officer {
  slot: number;
  /** Place on the unit square, as drawn now. */
  x: number;
  y: number;
  freshness: number;
  status: number;
  course: number;
  speed: number;
  /** Time of the newest fix, ms since 1970 UTC. */
  fixAt: number;
}

export interface GridCount {
  x: number;
  y: number;
  count: number;
}
