// Places of labels and extents, from the cells. Pure.

import type { Feature, FeatureCollection, Point, Polygon, Position } from 'geojson';
import type { Cells } from '../data/api.ts';
import type { Area } from '../data/types.ts';

export type Box = [west: number, south: number, east: number, north: number];

/** Whether a place lies in a polygon; an edge that two share belongs to one of them. */
export function isInside([x, y]: Position, { coordinates }: Polygon): boolean {
  let inside = false;
  for (const ring of coordinates) {
    for (let i = 1; i < ring.length; i += 1) {
      const [ax, ay] = ring[i - 1];
      const [bx, by] = ring[i];
      if (ay > y !== by > y && x < ax + ((y - ay) / (by - ay)) * (bx - ax)) inside = !inside;
    }
  }
  return inside;
}

/** Centre of the area of a polygon's outer ring. */
export function centroid(polygon: Polygon): Position {
  const ring = polygon.coordinates[0];
  const [x0, y0] = ring[0];
  let area = 0;
  let x = 0;
  let y = 0;
  for (let i = 1; i < ring.length; i += 1) {
    const [ax, ay] = [ring[i - 1][0] - x0, ring[i - 1][1] - y0];
    const [bx, by] = [ring[i][0] - x0, ring[i][1] - y0];
    const cross = ax * by - bx * ay;
    area += cross;
    x += (ax + bx) * cross;
    y += (ay + by) * cross;
  }
  return area === 0 ? [x0, y0] : [x0 + x / (3 * area), y0 + y / (3 * area)];
}

/** Extent of some lines; null when there are none. */
export function boxOf(lines: Iterable<readonly Position[]>): Box | null {
  const box: Box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const line of lines) {
    for (const [lng, lat] of line) {
      box[0] = Math.min(box[0], lng);
      box[1] = Math.min(box[1], lat);
      box[2] = Math.max(box[2], lng);
      box[3] = Math.max(box[3], lat);
    }
  }
  return box[0] <= box[2] ? box : null;
}

/** Extent of all cells; null when there are none. */
export const extent = (cells: Cells): Box | null =>
  boxOf(cells.features.map(({ geometry }) => geometry.coordinates[0]));

/** The extent of some cells, for flying to an area. */
export function extentOf(
  cells: Cells,
  of: (properties: Cells['features'][number]['properties']) => boolean,
): Box | null {
  return extent({ ...cells, features: cells.features.filter((cell) => of(cell.properties)) });
}

export interface LabelProperties {
  level: 'street' | 'grid' | 'cell';
  name: string;
  /** Id of the cell, for cells. */
  cell?: number;
}

/** What a cell is called on the map: its name, else the last three digits of its code. */
export const cellLabel = (properties: { code: string; name: string | null }): string =>
  properties.name ?? properties.code.slice(-3);

/** One label for each cell, grid and street, at the middle of its cells. */
export function labels(cells: Cells, areas: readonly Area[]): FeatureCollection<Point, LabelProperties> {
  const names = new Map(areas.map((area) => [area.code, area.name]));
  const sums = new Map<string, { level: 'street' | 'grid'; x: number; y: number; n: number }>();
  const features: Feature<Point, LabelProperties>[] = [];
  const add = (level: 'street' | 'grid', code: string, [x, y]: Position): void => {
    const sum = sums.get(code) ?? { level, x: 0, y: 0, n: 0 };
    sums.set(code, { level, x: sum.x + x, y: sum.y + y, n: sum.n + 1 });
  };
  for (const { id, geometry, properties } of cells.features) {
    const middle = centroid(geometry);
    features.push(label(middle, { level: 'cell', name: cellLabel(properties), cell: Number(id) }));
    add('grid', properties.grid, middle);
    add('street', properties.street, middle);
  }
  for (const [code, { level, x, y, n }] of sums) {
    features.push(label([x / n, y / n], { level, name: names.get(code) ?? code }));
  }
  return { type: 'FeatureCollection', features };
}

const label = (coordinates: Position, properties: LabelProperties): Feature<Point, LabelProperties> => ({
  type: 'Feature',
  properties,
  geometry: { type: 'Point', coordinates },
});
