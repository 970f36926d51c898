// Where somebody stood still, and on which days a cell was visited. Pure.

import { dayOf } from './citytime.ts';
import { metres, type Step } from '../map/trackline.ts';
import type { Stay } from '../data/types.ts';

/** Standing is staying within so many metres of where it began, for so long at least. */
const WITHIN_M = 40;
const LEAST_MS = 5 * 60_000;
const DAY_MS = 86_400_000;

export interface Stop {
  from: number;
  to: number;
  lng: number;
  lat: number;
}

/** Stops of a track, in order of time. A simplified track keeps the ends of each stop, which is all that is needed. */
export function stops(track: readonly Step[]): Stop[] {
  const found: Stop[] = [];
  let first = 0;
  for (let i = 1; i <= track.length; i += 1) {
    if (i < track.length && metres(track[first], track[i]) <= WITHIN_M) continue;
    const [begin, end] = [track[first], track[i - 1]];
    if (end.t - begin.t >= LEAST_MS) found.push({ from: begin.t, to: end.t, lng: begin.lng, lat: begin.lat });
    first = i;
  }
  return found;
}

export interface Day {
  /** YYYY-MM-DD in the city. */
  day: string;
  visits: number;
  /** Presences that were no valid visit. */
  others: number;
}

/** The last `days` days up to `now` (ms), the oldest first, with the visits that began on each. */
export function calendar(stays: readonly Stay[], days: number, now: number, zone: string): Day[] {
  const all = Array.from({ length: days }, (_, i): Day => ({
    day: dayOf(now - (days - 1 - i) * DAY_MS, zone),
    visits: 0,
    others: 0,
  }));
  const byDay = new Map(all.map((one) => [one.day, one]));
  for (const stay of stays) {
    const day = byDay.get(dayOf(Date.parse(stay.t_in), zone));
    if (!day) continue;
    if (stay.kind === 'visit') day.visits += 1;
    else day.others += 1;
  }
  return all;
}

/** Five shades: none, one, two, up to four, more. */
export const shade = (visits: number): number => (visits <= 2 ? visits : visits <= 4 ? 3 : 4);
