// Names this page uses for the generated types of the REST surface, and the few that GeoJSON leaves untyped.

import type { Alert, CellCoverage } from './generated/rest.ts';

export type { Alert, AlertStep, Device, Event, Position, Problem, Stay } from './generated/rest.ts';
/** A proposal of who should be sent where, of /api/v1/assignments. */
export interface Assignment {
  alert: number;
  cell: string;
  device: string;
  officer: string | null;
  /** Time until the officer is there, s. */
  arrival_s: number;
  /** Way on foot, m. */
  way_m: number;
}

export type AlertLevel = Alert['level'];
export type CellState = CellCoverage['state'];

/** Properties of a feature of /api/v1/cells; the feature's id is the number used in live messages. */
export interface CellProperties {
  code: string;
  name: string | null;
  grid: string;
  street: string;
  class: string;
  synthetic: boolean;
  limit_s?: number;
}

/** An area above the unit cells, of /api/v1/areas. */
export interface Area {
  code: string;
  level: 'grid' | 'street' | 'district';
  name: string;
  parent: string | null;
  owner: string | null;
}
