// The cells and areas of the city, fetched once and again when the grid changes; indexed for panels and search. Pure.

import type { Cells } from './api.ts';
import type { Area } from './types.ts';

export interface City {
  cells: Cells;
  areas: readonly Area[];
  byCode: ReadonlyMap<string, Cells['features'][number]>;
  areaNames: ReadonlyMap<string, string>;
  synthetic: boolean;
}

export const NO_CITY: City = city({ type: 'FeatureCollection', features: [] }, []);

/** Index cells by code and areas by name. */
export function city(cells: Cells, areas: readonly Area[]): City {
  return {
    cells,
    areas,
    byCode: new Map(cells.features.map((cell) => [cell.properties.code, cell])),
    areaNames: new Map(areas.map((area) => [area.code, area.name])),
    synthetic: cells.features.some((cell) => cell.properties.synthetic),
  };
}
