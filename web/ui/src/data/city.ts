// Cells and areas of the city, fetched again when the live part reports a new version; indexed for panels and search.

import { createContext, useContext } from 'react';
import type { Cells } from './api.ts';
import { cellLabel } from '../map/shapes.ts';
import type { Area } from './types.ts';

export interface City {
  cells: Cells;
  areas: readonly Area[];
  byCode: ReadonlyMap<string, Cells['features'][number]>;
  areaNames: ReadonlyMap<string, string>;
  synthetic: boolean;
}

/** Index cells by code and areas by name. */
export function indexCity(cells: Cells, areas: readonly Area[]): City {
  return {
    cells,
    areas,
    byCode: new Map(cells.features.map((cell) => [cell.properties.code, cell])),
    areaNames: new Map(areas.map((area) => [area.code, area.name])),
    synthetic: cells.features.some((cell) => cell.properties.synthetic),
  };
}

export const NO_CITY: City = indexCity({ type: 'FeatureCollection', city: '', features: [] }, []);

export const CityContext = createContext<City>(NO_CITY);

/** What people call a cell: its name, else its grid and the end of its code, else its code. */
export function cellName(city: City, code: string): string {
  const properties = city.byCode.get(code)?.properties;
  if (!properties) return code;
  return properties.name ?? `${city.areaNames.get(properties.grid) ?? properties.grid} ${cellLabel(properties)}`;
}

/** The city the page shows now. */
export const useCity = (): City => useContext(CityContext);
