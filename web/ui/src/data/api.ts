// The REST surface as this page uses it. A 401 anywhere leads to the sign-in page; other failures are ApiError.

import type { FeatureCollection, Point, Polygon, Position } from 'geojson';
import { storedLanguage } from '../i18n/index.ts';
import type { Presences } from '../generated/clips.ts';
import type { Ground } from '../generated/ground.ts';
import type { Alert, Area, Assignment, CellProperties, Device, Event, Problem, Stay } from './types.ts';

export const ROOT = '/api/v1';

/** A request failed; the message is the server's own explanation where it gave one. */
export class ApiError extends Error {
  readonly status: number;
  /** What the server said, where it said it as a problem document. */
  readonly problem: Problem | null;

  constructor(status: number, detail: string, problem: Problem | null = null) {
    super(detail);
    this.status = status;
    this.problem = problem;
  }
}

let leaving = false; // the first to leave decides where to: what is refused meanwhile changes nothing
addEventListener('pageshow', () => (leaving = false)); // the page came back out of the browser's cache

/** Leave for the sign-in page and come back here afterwards. */
export function goToSignIn(): void {
  if (leaving) return;
  leaving = true;
  const here = encodeURIComponent(location.pathname + location.hash);
  location.assign(`/login?lang=${storedLanguage()}&next=${here}`);
}

/** End the session and go to the sign-in page; the next user starts fresh. */
export async function leave(): Promise<void> {
  leaving = true;
  try {
    await signOut();
  } finally {
    location.assign(`/login?lang=${storedLanguage()}`);
  }
}

async function failure(response: Response): Promise<ApiError> {
  try {
    const problem = (await response.json()) as Problem;
    return new ApiError(response.status, problem.detail || problem.title, problem);
  } catch {
    return new ApiError(response.status, `${response.status} ${response.statusText}`);
  }
}

async function request<T>(path: string, init: RequestInit = {}): Promise<T> {
  const headers = { accept: 'application/json', ...init.headers };
  const response = await fetch(ROOT + path, { credentials: 'same-origin', ...init, headers });
  if (response.status === 401) goToSignIn();
  if (!response.ok) throw await failure(response);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** Send JSON; the answer is JSON or nothing. */
export const send = <T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T> =>
  request(path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });

/** Ask for JSON. */
export const get = <T>(path: string, signal?: AbortSignal): Promise<T> => request(path, signal ? { signal } : {});

/** The answer as it comes. */
export async function stream(path: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  const response = await fetch(ROOT + path, { credentials: 'same-origin', signal });
  if (response.status === 401) goToSignIn();
  if (!response.ok || !response.body) throw await failure(response);
  return response.body;
}

export interface Listed<T> {
  items: T[];
  next: string | null;
}

/** All rows of a list, `page` at a time, until there are `most` of them. */
export async function all<T>(path: string, most: number, signal?: AbortSignal, page = 1000): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const more: string = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
    const rows: Listed<T> = await request(
      `${path}${path.includes('?') ? '&' : '?'}limit=${page}${more}`,
      signal ? { signal } : {},
    );
    for (const row of rows.items) items.push(row);
    cursor = rows.next;
  } while (cursor && items.length < most);
  return items;
}

export interface TrackPoint {
  t: string;
  acc: number | null;
  spd: number | null;
}

/** `city` is the version of the city that they are of, as live messages tell it. */
export type Cells = FeatureCollection<Polygon, CellProperties> & { city: string };
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

export interface Session {
  name: string;
  role: string;
}

export const session = (): Promise<Session> => request('/session');
export const signOut = (): Promise<void> => request('/session', { method: 'DELETE' });
/** Set one's own password; all other sessions end. */
export const changePassword = (current: string, next: string): Promise<void> =>
  send('POST', '/session/password', { current, new: next });
/** What the map has for a ground. */
export const ground = (): Promise<Ground> => request('/ground');
export const cells = (): Promise<Cells> => request('/cells');
export const areas = (): Promise<Area[]> => all('/areas', 20_000);
export const devices = (): Promise<Device[]> => all('/devices', 50_000);
export const device = (id: string): Promise<Device> => request(`/devices/${part(id)}`);

export interface Carrier {
  badge: string;
  name: string;
  /** When it was given back; null: still carried. */
  to: string | null;
}

/** Who carries a device now; null: nobody who is known. */
export async function carrier(id: string, signal: AbortSignal): Promise<Carrier | null> {
  const [newest] = (await request<Listed<Carrier>>(`/bindings?device=${part(id)}&limit=1`, { signal })).items;
  return newest?.to === null ? newest : null;
}

/** Fixes of a device between two moments, thinned to what a map can show. */
export const track = (id: string, from: Date, to: Date, signal: AbortSignal): Promise<Track> =>
  request(`/devices/${part(id)}/track?from=${from.toISOString()}&to=${to.toISOString()}&simplify=2`, { signal });

/** Stays in a cell or of a device, the newest first. */
export async function stays(
  of: { cell: string } | { device: string },
  signal: AbortSignal,
  since?: Date,
): Promise<Stay[]> {
  const query = 'cell' in of ? `cell=${part(of.cell)}` : `device=${part(of.device)}`;
  const limit = since ? `from=${since.toISOString()}&limit=1000` : 'limit=12';
  return (await request<Listed<Stay>>(`/visits?${query}&${limit}`, { signal })).items;
}

/** The newest time that began before a moment in which somebody was between a cell and another one. */
export async function between(cell: string, until: Date, signal: AbortSignal): Promise<Stay[]> {
  const query = `cell=${part(cell)}&kind=between&to=${until.toISOString()}&limit=1`;
  return (await request<Listed<Stay>>(`/visits?${query}`, { signal })).items;
}

/** Events of a device or in a cell, the newest first. */
export async function events(of: { cell: string } | { device: string }, signal: AbortSignal): Promise<Event[]> {
  const query = 'cell' in of ? `cell=${part(of.cell)}` : `device=${part(of.device)}`;
  return (await request<Listed<Event>>(`/events?${query}&limit=20`, { signal })).items;
}

/** One event by its ULID. */
export const event = (id: string): Promise<Event> => request(`/events/${part(id)}`);

export type Action =
  | { act: 'acknowledge' }
  | { act: 'assign'; device: string }
  | { act: 'snooze'; minutes: number; reason: string }
  | { act: 'escalate' | 'close'; reason: string }
  | { act: 'note'; text: string };

export const alert = (id: number): Promise<Alert> => request(`/alerts/${id}`);

/** Take a step in the life of an alert; refused when somebody else was quicker. */
export const step = (of: Alert, { act, ...body }: Action): Promise<Alert> =>
  request(`/alerts/${of.id}/${act}`, {
    method: 'POST',
    body: JSON.stringify(body),
    // A note hurts nobody; every other step counts only for what the viewer saw.
    headers: { 'content-type': 'application/json', ...(act === 'note' ? {} : { 'if-match': `"${of.version}"` }) },
  });

/** Who should be sent where, as the server proposes it now. */
export const assignments = async (signal: AbortSignal): Promise<Assignment[]> =>
  (await request<Listed<Assignment>>('/assignments', { signal })).items;

/** Address of the indicators of a level over a period, below `ROOT`. */
export const figuresPath = (level: string, span: { from: number; to: number }): string =>
  `/indicators?level=${level}&from=${new Date(span.from).toISOString()}&to=${new Date(span.to).toISOString()}`;

/** Have a file of tracks recorded that the page is about to make; what it must say of itself. */
export const exportMark = async (
  file: { form: string; devices: readonly string[]; purpose: string },
  span: { from: number; to: number },
): Promise<string> => {
  const body = { ...file, from: new Date(span.from).toISOString(), to: new Date(span.to).toISOString() };
  return (await send<{ mark: string }>('POST', '/exports', body)).mark;
};

/** Put a file in force, or only try it; its faults are in the problem of the error. */
export const importFile = <T>(path: string, file: string, type: string, dry: boolean): Promise<T> =>
  request(`${path}${dry ? '?dry_run=true' : ''}`, { method: 'POST', body: file, headers: { 'content-type': type } });

/** Who was in a drawn area between two moments. */
export const presence = (
  ring: readonly Position[],
  span: { from: number; to: number },
  signal: AbortSignal,
): Promise<Presences> =>
  request('/presence', {
    method: 'POST',
    signal,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      polygon: { type: 'Polygon', coordinates: [ring] },
      from: new Date(span.from).toISOString(),
      to: new Date(span.to).toISOString(),
    }),
  });
