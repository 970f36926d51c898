// Search over officers, cells and areas by any part of name or code. Pure.

import type { City } from './city.ts';
import type { DeviceName } from '../live/messages.ts';
import { cellLabel } from '../map/shapes.ts';

export type Hit =
  | { kind: 'officer'; id: string; title: string; note: string }
  | { kind: 'cell'; id: string; title: string; note: string }
  | { kind: 'area'; id: string; title: string; note: string; level: 'grid' | 'street' | 'district' };

const PER_KIND = 6;

/** 0 same, 1 starts with, 2 contains; -1 not found. The best of several fields counts. */
function score(query: string, fields: (string | null)[]): number {
  let best = -1;
  for (const field of fields) {
    const at = field?.toLowerCase().indexOf(query) ?? -1;
    if (at < 0) continue;
    const rank = field?.length === query.length ? 0 : at === 0 ? 1 : 2;
    if (best < 0 || rank < best) best = rank;
  }
  return best;
}

function top<T>(items: Iterable<T>, query: string, fields: (item: T) => (string | null)[]): T[] {
  const found: { item: T; rank: number }[] = [];
  for (const item of items) {
    const rank = score(query, fields(item));
    if (rank >= 0) found.push({ item, rank });
  }
  return found
    .toSorted((a, b) => a.rank - b.rank)
    .slice(0, PER_KIND)
    .map(({ item }) => item);
}

/** The best hits of each kind, officers first. */
export function find(text: string, officers: Iterable<DeviceName>, city: City): Hit[] {
  const query = text.trim().toLowerCase();
  if (!query) return [];
  const people = top(officers, query, (one) => [one.id, one.label]).map((one): Hit => ({
    kind: 'officer',
    id: one.id,
    title: one.label ?? one.id,
    note: [city.areaNames.get(one.unit) ?? one.unit, ...(one.label ? [one.id] : [])].join(' · '),
  }));
  const areas = top(city.areas, query, (area) => [area.name, area.code]).map((area): Hit => ({
    kind: 'area',
    id: area.code,
    title: area.name,
    note: area.code,
    level: area.level,
  }));
  const cells = top(city.cells.features, query, ({ properties }) => [properties.code, properties.name]).map(
    ({ properties }): Hit => ({
      kind: 'cell',
      id: properties.code,
      title: `${city.areaNames.get(properties.grid) ?? ''} ${cellLabel(properties)}`.trim(),
      note: properties.code,
    }),
  );
  return [...people, ...areas, ...cells];
}
