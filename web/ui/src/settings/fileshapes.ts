// What a file that is to be imported draws: areas, lines and points by the number of their feature or row. Pure.
//
// What cannot be drawn is left out: the faults of the file name it.

import type { Feature, FeatureCollection, Position } from 'geojson';
import type { Box } from '../map/shapes.ts';

export interface Shape {
  /** Number of the feature, or of the row of a table, from 0. */
  index: number;
  kind: 'area' | 'line' | 'point';
  /** The outer ring, lines, or the one place. */
  parts: readonly (readonly Position[])[];
}

/** Degrees of a place; anything else has none. */
const isPlace = (at: unknown): at is Position =>
  Array.isArray(at) && Math.abs(at[0] as number) <= 180 && Math.abs(at[1] as number) <= 90;

const places = (list: unknown): Position[] => (Array.isArray(list) ? list.filter(isPlace) : []);

function shapeOf(feature: Feature | null, index: number): Shape | null {
  const geometry = feature?.geometry;
  if (geometry?.type === 'Polygon') {
    const ring = places(geometry.coordinates?.[0]);
    return ring.length > 2 ? { index, kind: 'area', parts: [ring] } : null;
  }
  if (geometry?.type === 'LineString') return { index, kind: 'line', parts: [places(geometry.coordinates)] };
  if (geometry?.type === 'MultiLineString') {
    return { index, kind: 'line', parts: Array.isArray(geometry.coordinates) ? geometry.coordinates.map(places) : [] };
  }
  if (geometry?.type === 'Point') return { index, kind: 'point', parts: [places([geometry.coordinates])] };
  return null;
}

/** Fields of each line of a table: commas between them, quotes around those that have one, empty lines left out. */
export function rowsOf(csv: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of csv
    .replace(/^\uFEFF/, '')
    .matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    const text = quoted?.replaceAll('""', '"') ?? plain;
    rows.at(-1)?.push(text);
    if (end !== ',') rows.push([]);
  }
  return rows.filter((row) => row.length > 1 || row.some(Boolean));
}

function ofTable(csv: string): Shape[] {
  const [names = [], ...rows] = rowsOf(csv);
  const [lon, lat] = [names.indexOf('lon'), names.indexOf('lat')];
  return rows.map((row, index) => ({ index, kind: 'point', parts: [places([[row[lon], row[lat]].map(degrees)])] }));
}

/** NaN where there is no number. */
const degrees = (text: string | undefined): number => (text?.trim() ? Number(text) : Number.NaN);

function ofGeojson(text: string): Shape[] {
  try {
    const { features } = JSON.parse(text) as FeatureCollection;
    return Array.isArray(features) ? features.flatMap((feature, index) => shapeOf(feature, index) ?? []) : [];
  } catch {
    return [];
  }
}

/** What the file draws. */
export const shapesOf = (text: string, form: 'geojson' | 'csv'): Shape[] =>
  (form === 'csv' ? ofTable(text) : ofGeojson(text)).filter(({ parts }) => parts.some((part) => part.length > 0));

export interface Sheet {
  width: number;
  height: number;
  /** Place of a position on the sheet, as SVG writes it. */
  place(at: Position): string;
}

/** A flat map of an extent, its longer side `side` long, shapes as they are in nature. */
export function sheetOf([west, south, east, north]: Box, side: number): Sheet {
  const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const scale = side / Math.max((east - west) * squeeze, north - south, 1e-6);
  return {
    width: (east - west) * squeeze * scale,
    height: (north - south) * scale,
    place: ([lng, lat]) => `${((lng - west) * squeeze * scale).toFixed(1)} ${((north - lat) * scale).toFixed(1)}`,
  };
}

/** Lines as the data of an SVG path; of a single place a dot, where the ends of lines are round. */
export const pathOf = (lines: readonly (readonly Position[])[], { place }: Sheet): string =>
  lines.map((line) => (line.length > 0 ? `M${line.map(place).join('L')}${line.length > 1 ? '' : 'h0'}` : '')).join('');
