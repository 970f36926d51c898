// All cells as triangles for the graphics card, cut once. Pure.

import earcut from 'earcut';
import type { Cells } from '../api.ts';
import { WORLD } from '../live/fleet.ts';
import { mercatorX, mercatorY } from '../live/mercator.ts';

export interface Mesh {
  /** Point on the unit square that places are relative to. */
  origin: readonly [number, number];
  /** x, y of each corner, in units of WORLD. */
  places: Float32Array<ArrayBuffer>;
  /** For each corner the row of its cell. */
  rows: Uint32Array<ArrayBuffer>;
  /** Three corners for each triangle. */
  triangles: Uint32Array<ArrayBuffer>;
}

/** Cut the cells; rows are in their order. */
export function meshOf({ features }: Cells, origin: readonly [number, number]): Mesh {
  const places: number[] = [];
  const rows: number[] = [];
  const triangles: number[] = [];
  features.forEach(({ geometry }, row) => {
    const first = rows.length;
    const corners: number[] = [];
    const holes: number[] = [];
    for (const ring of geometry.coordinates) {
      if (corners.length > 0) holes.push(corners.length / 2);
      for (const [lng, lat] of ring) {
        corners.push((mercatorX(lng) - origin[0]) * WORLD, (mercatorY(lat) - origin[1]) * WORLD);
        rows.push(row);
      }
    }
    for (const corner of corners) places.push(corner);
    for (const corner of earcut(corners, holes)) triangles.push(first + corner);
  });
  return {
    origin,
    places: new Float32Array(places),
    rows: new Uint32Array(rows),
    triangles: new Uint32Array(triangles),
  };
}
