// Outlines of grids, streets and the city, from the edges of the unit cells. Pure.
//
// Neighbouring cells share the corners of their common border, so an edge that two cells of the same area share is
// inside it, and every other edge is part of an outline.

import type { Feature, FeatureCollection, MultiLineString, Position } from 'geojson';
import type { Cells } from '../api.ts';

export type BorderLevel = 'grid' | 'street' | 'city';
export type Borders = FeatureCollection<MultiLineString, { level: BorderLevel }>;

interface Edge {
  a: Position;
  b: Position;
  grid: string;
  street: string;
  /** What the other side is: undefined until it is met. */
  level?: 'inside' | 'grid' | 'street';
}

/** 1e-6 of a degree is a tenth of a metre: the corners of neighbours may differ by rounding, not by more. */
const place = ([lng, lat]: Position): string => `${Math.round(lng * 1e6)},${Math.round(lat * 1e6)}`;

function addEdge(edges: Map<string, Edge>, a: Position, b: Position, grid: string, street: string): void {
  const [from, to] = [place(a), place(b)];
  if (from === to) return;
  const key = from < to ? `${from} ${to}` : `${to} ${from}`;
  const other = edges.get(key);
  if (!other) edges.set(key, { a, b, grid, street });
  else if (other.street !== street) other.level = 'street';
  else other.level = other.grid === grid ? 'inside' : 'grid';
}

/** Find the outlines; an edge with one cell only is the outline of the city. */
export function borders(cells: Cells): Borders {
  const edges = new Map<string, Edge>();
  for (const { geometry, properties } of cells.features) {
    for (const ring of geometry.coordinates) {
      for (let i = 1; i < ring.length; i += 1) {
        addEdge(edges, ring[i - 1], ring[i], properties.grid, properties.street);
      }
    }
  }
  const lines: Record<BorderLevel, Position[][]> = { grid: [], street: [], city: [] };
  for (const { a, b, level } of edges.values()) {
    if (level !== 'inside') lines[level ?? 'city'].push([a, b]);
  }
  const feature = (level: BorderLevel): Feature<MultiLineString, { level: BorderLevel }> => ({
    type: 'Feature',
    properties: { level },
    geometry: { type: 'MultiLineString', coordinates: chain(lines[level]) },
  });
  return { type: 'FeatureCollection', features: [feature('grid'), feature('street'), feature('city')] };
}

/** Join edges end to end, so that dashes and joins of the drawn line run through. */
export function chain(edges: readonly Position[][]): Position[][] {
  const at = new Map<string, number[]>();
  edges.forEach((edge, i) => {
    for (const end of edge) at.set(place(end), [...(at.get(place(end)) ?? []), i]);
  });
  const used = new Set<number>();
  const follow = (line: Position[]): void => {
    for (;;) {
      const end = place(line[line.length - 1]);
      const next = (at.get(end) ?? []).find((i) => !used.has(i));
      if (next === undefined) return;
      used.add(next);
      const [a, b] = edges[next];
      line.push(place(a) === end ? b : a);
    }
  };
  const lines: Position[][] = [];
  edges.forEach((edge, i) => {
    if (used.has(i)) return;
    used.add(i);
    const line = [...edge];
    follow(line);
    line.reverse();
    follow(line);
    lines.push(line);
  });
  return lines;
}
