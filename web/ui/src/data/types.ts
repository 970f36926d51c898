// Names this page uses for the generated types of the REST surface, and the few that GeoJSON leaves untyped.

import type { Alert, CellCoverage } from '../generated/rest.ts';

export type { Assignment } from '../generated/clips.ts';
export type { Alert, AlertStep, Device, Event, Position, Problem, Stay } from '../generated/rest.ts';
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
  limit_s?: number | null;
}

/** An area above the unit cells, of /api/v1/areas. */
export interface Area {
  code: string;
  level: 'grid' | 'street' | 'district';
  name: string;
  parent: string | null;
  owner: string | null;
}
