// The state of the screen in the address, so that it can be kept and sent. Pure.
//
// #map=zoom/lat/lng, one of &officer= &cell= &event= &alert=, and one page: &replay=FROM~TO&at=…&then=1&only=a,b,
// &area=lng,lat;…&when=FROM~TO, &figures=LEVEL&when=FROM~TO&sort=-COLUMN&find=TEXT, or &settings=TAB. Times are RFC 3339 UTC without fractions.

import type { Position } from 'geojson';
import { type Level, LEVELS } from '../figures/columns.ts';

export type Selection = { kind: 'officer' | 'cell' | 'event' | 'alert'; id: string };

export interface Place {
  lng: number;
  lat: number;
  zoom: number;
}

/** A stretch of time, ms since 1970 UTC. */
export interface Span {
  from: number;
  to: number;
}

export type Page =
  | { kind: 'live' }
  | { kind: 'replay'; span: Span | null; at: number | null; then: boolean; only: readonly string[] }
  | { kind: 'area'; ring: readonly Position[]; span: Span | null }
  | { kind: 'figures'; level: Level; span: Span | null; sort: string; find: string }
  | { kind: 'settings'; tab: string };

export interface Address {
  place: Place | null;
  selection: Selection | null;
  page: Page;
}

export const LIVE: Page = { kind: 'live' };
const KINDS = ['officer', 'cell', 'event', 'alert'] as const;
/** Devices of a replay that an address names at most. */
const MOST_NAMED = 50;
const MOST_CORNERS = 500;

function readPlace(text: string | null): Place | null {
  const [zoom, lat, lng] = (text ?? '').split('/').map(Number);
  const sound = zoom >= 0 && zoom <= 24 && Math.abs(lat) <= 85 && Math.abs(lng) <= 180;
  return sound ? { lng, lat, zoom } : null;
}

function readTime(text: string | null | undefined): number | null {
  const at = Date.parse(text ?? '');
  return Number.isNaN(at) ? null : at;
}

function readSpan(text: string | null): Span | null {
  const [from, to] = (text ?? '').split('~').map(readTime);
  return typeof from === 'number' && typeof to === 'number' && from < to ? { from, to } : null;
}

function readRing(text: string): Position[] {
  const corners = text
    .split(';')
    .slice(0, MOST_CORNERS)
    .map((corner) => corner.split(',').map(Number));
  return corners.filter(([lng, lat]) => Math.abs(lng) <= 180 && Math.abs(lat) <= 85);
}

function readPage(fields: URLSearchParams): Page {
  if (fields.has('replay')) {
    const only = (fields.get('only') ?? '').split(',').filter(Boolean).slice(0, MOST_NAMED);
    const at = readTime(fields.get('at'));
    return { kind: 'replay', span: readSpan(fields.get('replay')), at, then: fields.get('then') === '1', only };
  }
  const area = fields.get('area');
  if (area !== null) return { kind: 'area', ring: readRing(area), span: readSpan(fields.get('when')) };
  const level = fields.get('figures');
  if (level !== null) {
    const known = LEVELS.find((one) => one === level) ?? 'grid';
    const [sort, find] = ['sort', 'find'].map((name) => fields.get(name) ?? '');
    return { kind: 'figures', level: known, span: readSpan(fields.get('when')), sort, find };
  }
  const tab = fields.get('settings');
  return tab === null ? LIVE : { kind: 'settings', tab };
}

/** Read the fragment of an address; what cannot be understood is left out. */
export function readAddress(hash: string): Address {
  const fields = new URLSearchParams(hash.replace(/^#/, ''));
  const kind = KINDS.find((name) => fields.get(name));
  return {
    place: readPlace(fields.get('map')),
    selection: kind ? { kind, id: fields.get(kind) as string } : null,
    page: readPage(fields),
  };
}

const time = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
const spanText = (span: Span): string => `${time(span.from)}~${time(span.to)}`;

function pageParts(page: Page): string[] {
  if (page.kind === 'settings') return [`settings=${encodeURIComponent(page.tab)}`];
  if (page.kind === 'area') {
    const ring = page.ring.map(([lng, lat]) => `${lng.toFixed(6)},${lat.toFixed(6)}`).join(';');
    return [`area=${ring}`, ...(page.span ? [`when=${spanText(page.span)}`] : [])];
  }
  if (page.kind === 'figures') {
    return [
      `figures=${page.level}`,
      ...(page.span ? [`when=${spanText(page.span)}`] : []),
      ...(page.sort ? [`sort=${encodeURIComponent(page.sort)}`] : []),
      ...(page.find ? [`find=${encodeURIComponent(page.find)}`] : []),
    ];
  }
  if (page.kind !== 'replay') return [];
  return [
    `replay=${page.span ? spanText(page.span) : ''}`,
    ...(page.at === null ? [] : [`at=${time(page.at)}`]),
    ...(page.then ? ['then=1'] : []),
    ...(page.only.length > 0 ? [`only=${page.only.map(encodeURIComponent).join(',')}`] : []),
  ];
}

/** Write a fragment. */
export function writeAddress({ place, selection, page }: Address): string {
  const parts: string[] = [];
  if (place) parts.push(`map=${place.zoom.toFixed(2)}/${place.lat.toFixed(5)}/${place.lng.toFixed(5)}`);
  if (selection) parts.push(`${selection.kind}=${encodeURIComponent(selection.id)}`);
  return `#${[...parts, ...pageParts(page)].join('&')}`;
}

/**
 * What tells two screens apart for the back button: everything but where the map looks, the moment played, and how a
 * table is ordered and narrowed.
 */
export function screenOf({ selection, page }: Address): string {
  const same = { replay: { at: null }, figures: { sort: '', find: '' }, live: {}, area: {}, settings: {} };
  return writeAddress({ place: null, selection, page: { ...page, ...same[page.kind] } as Page });
}
