// Outlines of cells, grids, streets and the city, from the edges of the unit cells. Pure.
//
// Neighbouring cells share the corners of their common border, so an edge that two cells share is drawn once: inside a
// grid as that of cells, else as that of the widest area whose outline it is.

import type { Feature, FeatureCollection, MultiLineString, Position } from 'geojson';
import type { Cells } from '../data/api.ts';

export const BORDER_LEVELS = ['cell', 'grid', 'street', 'city'] as const;
export type BorderLevel = (typeof BORDER_LEVELS)[number];
export type Borders = FeatureCollection<MultiLineString, { level: BorderLevel }>;

/** 1e-6 of a degree is a tenth of a metre: the corners of neighbours may differ by rounding, not by more. */
const PER_DEGREE = 1e6;
/** Places per row of the world, so that a place is one number, exact in 64 bits. */
const ROW = 2 ** 26;

/** Numbers the corners of all cells, equal ones alike. */
class Corners {
  readonly at: Position[] = [];
  private readonly known = new Map<number, number>();
  private readonly west: number;
  private readonly south: number;

  constructor([west, south]: Position) {
    this.west = west;
    this.south = south;
  }

  number(corner: Position): number {
    const x = Math.round((corner[0] - this.west) * PER_DEGREE);
    const y = Math.round((corner[1] - this.south) * PER_DEGREE);
    const key = y * ROW + x;
    let found = this.known.get(key);
    if (found === undefined) {
      found = this.at.length;
      this.at.push(corner);
      this.known.set(key, found);
    }
    return found;
  }
}

interface Edge {
  a: number;
  b: number;
  grid: string;
  street: string;
  /** That of the city until its other side is met. */
  level: BorderLevel;
}

/** The edges of all cells, each once. */
function edgesOf(cells: Cells, corners: Corners): Iterable<Edge> {
  const edges = new Map<number, Edge>();
  for (const { geometry, properties } of cells.features) {
    const { grid, street } = properties;
    for (const ring of geometry.coordinates) {
      let a = corners.number(ring[0]);
      for (let i = 1; i < ring.length; i += 1) {
        const b = corners.number(ring[i]);
        if (a !== b) addEdge(edges, { a, b, grid, street, level: 'city' });
        a = b;
      }
    }
  }
  return edges.values();
}

function addEdge(edges: Map<number, Edge>, edge: Edge): void {
  const { a, b } = edge;
  const key = a < b ? a * ROW + b : b * ROW + a;
  const other = edges.get(key);
  if (!other) edges.set(key, edge);
  else other.level = other.street !== edge.street ? 'street' : other.grid !== edge.grid ? 'grid' : 'cell';
}

/** Find the outlines; an edge with one cell only is the outline of the city. */
export function borders(cells: Cells): Borders {
  const first = cells.features[0]?.geometry.coordinates[0][0];
  const corners = new Corners(first ?? [0, 0]);
  const lines: Record<BorderLevel, [number, number][]> = { cell: [], grid: [], street: [], city: [] };
  for (const { a, b, level } of edgesOf(cells, corners)) lines[level].push([a, b]);
  const feature = (level: BorderLevel): Feature<MultiLineString, { level: BorderLevel }> => ({
    type: 'Feature',
    properties: { level },
    geometry: {
      type: 'MultiLineString',
      coordinates: chain(lines[level]).map((line) => line.map((corner) => corners.at[corner])),
    },
  });
  return { type: 'FeatureCollection', features: BORDER_LEVELS.map(feature) };
}

/** Join edges between numbered corners end to end, so that dashes and joins of the drawn line run through. */
export function chain(edges: readonly (readonly [number, number])[]): number[][] {
  const at = new Map<number, number[]>();
  edges.forEach((edge, i) => {
    for (const end of edge) {
      const there = at.get(end);
      if (there) there.push(i);
      else at.set(end, [i]);
    }
  });
  const used = new Uint8Array(edges.length);
  const follow = (line: number[]): void => {
    for (;;) {
      const end = line[line.length - 1];
      const next = at.get(end)?.find((i) => !used[i]);
      if (next === undefined) return;
      used[next] = 1;
      const [a, b] = edges[next];
      line.push(a === end ? b : a);
    }
  };
  const lines: number[][] = [];
  edges.forEach(([a, b], i) => {
    if (used[i]) return;
    used[i] = 1;
    const line = [a, b];
    follow(line);
    line.reverse();
    follow(line);
    lines.push(line);
  });
  return lines;
}
