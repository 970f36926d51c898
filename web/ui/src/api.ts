// The REST surface as this page uses it. A 401 anywhere leads to the sign-in page; other failures are ApiError.

import type { FeatureCollection, Point, Polygon } from 'geojson';
import { storedLanguage } from './i18n/index.ts';
import type { Area, CellProperties, Device, Problem, Stay } from './types.ts';

const ROOT = '/api/v1';

/** A request failed; the message is the server's own explanation where it gave one. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

/** Leave for the sign-in page and come back here afterwards. */
export function goToSignIn(): void {
  const here = encodeURIComponent(location.pathname + location.hash);
  location.assign(`/login?lang=${storedLanguage()}&next=${here}`);
}

async function explain(response: Response): Promise<string> {
  try {
    const problem = (await response.json()) as Problem;
    return problem.detail || problem.title;
  } catch {
    return `${response.status} ${response.statusText}`;
  }
}

async function request<T>(path: string, init: RequestInit = {}): Promise<T> {
  const headers = { accept: 'application/json', ...init.headers };
  const response = await fetch(ROOT + path, { credentials: 'same-origin', ...init, headers });
  if (response.status === 401) goToSignIn();
  if (!response.ok) throw new ApiError(response.status, await explain(response));
  return (response.status === 204 ? undefined : await response.json()) as T;
}

interface Listed<T> {
  items: T[];
  next: string | null;
}

async function all<T>(path: string, most: number): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const more: string = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
    const page: Listed<T> = await request(`${path}${path.includes('?') ? '&' : '?'}limit=1000${more}`);
    items.push(...page.items);
    cursor = page.next;
  } while (cursor && items.length < most);
  return items;
}

export interface TrackPoint {
  t: string;
  acc: number | null;
  spd: number | null;
}

export type Cells = FeatureCollection<Polygon, CellProperties>;
export type Track = FeatureCollection<Point, TrackPoint>;

const part = encodeURIComponent;

/** What the server itself says it lacks; empty when it is ready. */
export async function lacking(): Promise<string[]> {
  const response = await fetch('/readyz', { headers: { accept: 'application/json' } });
  const { checks } = (await response.json()) as { checks: Record<string, { ok: boolean; detail: string }> };
  return Object.values(checks)
    .filter((check) => !check.ok)
    .map((check) => check.detail);
}

export const session = (): Promise<{ name: string; role?: string }> => request('/session');
export const signOut = (): Promise<void> => request('/session', { method: 'DELETE' });
export const cells = (): Promise<Cells> => request('/cells');
export const areas = (): Promise<Area[]> => all('/areas', 20_000);
export const devices = (): Promise<Device[]> => all('/devices', 50_000);
export const device = (id: string): Promise<Device> => request(`/devices/${part(id)}`);

/** Fixes of a device between two moments, thinned to what a map can show. */
export const track = (id: string, from: Date, to: Date, signal: AbortSignal): Promise<Track> =>
  request(`/devices/${part(id)}/track?from=${from.toISOString()}&to=${to.toISOString()}&simplify=2`, { signal });

/** The newest stays in a cell or of a device. */
export async function stays(of: { cell: string } | { device: string }, signal: AbortSignal): Promise<Stay[]> {
  const query = 'cell' in of ? `cell=${part(of.cell)}` : `device=${part(of.device)}`;
  return (await request<Listed<Stay>>(`/visits?${query}&limit=12`, { signal })).items;
}
