// All cells as triangles for the graphics card, cut once. Pure.

import earcut from 'earcut';
import type { Cells } from '../../data/api.ts';
import { WORLD } from '../../live/fleet.ts';
import { mercatorX, mercatorY } from '../../live/mercator.ts';

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
  const rings = features.flatMap(({ geometry }) => geometry.coordinates);
  const most = rings.reduce((sum, ring) => sum + ring.length, 0);
  const places = new Float32Array(2 * most);
  const rows = new Uint32Array(most);
  // A polygon of n corners with h holes has n + 2h - 2 triangles at most.
  const triangles = new Uint32Array(3 * (most + 2 * rings.length));
  let [corners, used] = [0, 0];
  features.forEach(({ geometry }, row) => {
    const first = corners;
    const holes: number[] = [];
    for (const ring of geometry.coordinates) {
      if (corners > first) holes.push(corners - first);
      for (const [lng, lat] of ring) {
        places[2 * corners] = (mercatorX(lng) - origin[0]) * WORLD;
        places[2 * corners + 1] = (mercatorY(lat) - origin[1]) * WORLD;
        rows[corners] = row;
        corners += 1;
      }
    }
    for (const corner of earcut(places.subarray(2 * first, 2 * corners), holes)) {
      triangles[used] = first + corner;
      used += 1;
    }
  });
  return { origin, places, rows, triangles: triangles.slice(0, used) };
}
