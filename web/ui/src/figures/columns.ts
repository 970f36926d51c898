// Which indicators are shown of places and of people, how they are read, and their order. Pure.

import type { Person, Place } from '../generated/figures.ts';
import type { Key } from '../i18n/zh.ts';

export type Level = Place['level'] | Person['level'];
export type Row = Place | Person;

/** From the widest to the closest. */
export const LEVELS: readonly Level[] = ['district', 'street', 'grid', 'cell', 'officer', 'device'];

export const ofPeople = (level: Level): level is Person['level'] => level === 'officer' || level === 'device';

/** A share of 1, a number of things, seconds, or metres. */
export type Measure = 'share' | 'count' | 'span' | 'way';

export interface Column<R extends Row> {
  /** In the address and, with `figure.` before it, of its name; with `.help` after that of what it means. */
  key: string;
  measure: Measure;
  /** null: it cannot be told. */
  value(row: R): number | null;
  /** What a share is of, for example 12/15. */
  of?(row: R): string | null;
  /** A remark on how this row's figure came about. */
  remark?(row: R): Key | null;
}

export const OF_PLACES: readonly Column<Place>[] = [
  {
    key: 'coverage',
    measure: 'share',
    value: (row) => row.coverage,
    of: ({ visited, not_visited }) => `${visited}/${visited + not_visited}`,
  },
  { key: 'coverage_weighted', measure: 'share', value: (row) => row.coverage_weighted },
  {
    key: 'coverage_road',
    measure: 'share',
    value: (row) => row.coverage_road,
    remark: (row) => (row.coverage_road !== null && row.coverage_road_by === 'visited' ? 'figure.byVisited' : null),
  },
  { key: 'coverage_road_cells', measure: 'share', value: (row) => row.coverage_road_cells },
  {
    key: 'checkpoints',
    measure: 'share',
    value: (row) => row.checkpoints.share,
    of: ({ checkpoints: { passed, required, unknown } }) => (required > 0 ? `${passed}/${required - unknown}` : null),
  },
  { key: 'completion', measure: 'share', value: (row) => row.completion },
  { key: 'compliance', measure: 'share', value: (row) => row.compliance },
  { key: 'visits', measure: 'count', value: (row) => row.visits },
  { key: 'drive_through_share', measure: 'share', value: (row) => row.drive_through_share },
  { key: 'idle_mean_s', measure: 'span', value: (row) => row.idle_mean_s },
  { key: 'gap_mean_s', measure: 'span', value: (row) => row.gap_mean_s },
  { key: 'worst_s', measure: 'span', value: (row) => row.worst_s },
  { key: 'known_time', measure: 'share', value: (row) => row.sufficiency.known_time },
];

export const OF_PEOPLE: readonly Column<Person>[] = [
  { key: 'shifts', measure: 'count', value: (row) => row.shifts },
  { key: 'completeness', measure: 'share', value: (row) => row.completeness },
  { key: 'on_post_rate', measure: 'share', value: (row) => row.on_post_rate },
  {
    key: 'on_time',
    measure: 'share',
    value: ({ arrivals }) => part(arrivals.on_time, arrivals.on_time + arrivals.late + arrivals.absent),
    of: ({ arrivals }) => `${arrivals.on_time}/${arrivals.on_time + arrivals.late + arrivals.absent}`,
  },
  { key: 'way_m', measure: 'way', value: (row) => row.way_m },
  { key: 'drive_m', measure: 'way', value: (row) => row.drive_m },
  { key: 'visits', measure: 'count', value: (row) => row.visits },
  { key: 'drive_through_share', measure: 'share', value: (row) => row.drive_through_share },
  { key: 'events', measure: 'count', value: (row) => row.events },
  { key: 'events_recorded', measure: 'share', value: (row) => row.events_recorded },
  { key: 'events_two', measure: 'share', value: (row) => row.events_two },
  { key: 'recorder_share', measure: 'share', value: (row) => row.recorder_share },
  { key: 'fix_share', measure: 'share', value: (row) => row.fix_share },
  { key: 'late_share', measure: 'share', value: (row) => row.late_share },
];

const part = (some: number, all: number): number | null => (all > 0 ? some / all : null);

/** What people call the row. */
export const nameOf = (row: Row): string => row.name ?? row.code;

/** Who answers for a place, or to whom a person belongs. */
export const belongsTo = (row: Row): string | null => ('owner' in row ? row.owner : row.unit);

/** The column that stands first, and the one of who answers, in the address. */
export const NAME = 'name';
export const OWNER = 'owner';

/**
 * Rows by a column, `-` before its key for the largest first; what cannot be told comes last either way.
 * Without a column that is known they stay as they are.
 */
export function sorted<R extends Row>(
  rows: readonly R[],
  columns: readonly Column<R>[],
  sort: string,
  locale: string,
): readonly R[] {
  const down = sort.startsWith('-');
  const key = down ? sort.slice(1) : sort;
  const column = columns.find((one) => one.key === key);
  const words = key === NAME ? nameOf : key === OWNER ? belongsTo : null;
  if (!column && !words) return rows;
  const collator = new Intl.Collator(locale, { numeric: true });
  const order = (a: string | number, b: string | number): number =>
    typeof a === 'number' && typeof b === 'number' ? a - b : collator.compare(String(a), String(b));
  const keyed = rows.map((row) => ({ row, by: column ? column.value(row) : (words?.(row) ?? null) }));
  const known = keyed.flatMap(({ row, by }) => (by === null ? [] : [{ row, by }]));
  const untold = keyed.filter(({ by }) => by === null);
  const inOrder = known.toSorted((a, b) => (down ? order(b.by, a.by) : order(a.by, b.by)));
  return [...inOrder, ...untold].map(({ row }) => row);
}

/** Rows with this text in name, code, or who answers. */
export function found<R extends Row>(rows: readonly R[], text: string): readonly R[] {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return rows;
  return rows.filter((row) =>
    [nameOf(row), row.code, belongsTo(row)].some((one) => one?.toLowerCase().includes(wanted)),
  );
}
