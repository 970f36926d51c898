// A track as lines for the map: fading with age, dashed where fixes are missing. Pure.

import type { Feature, FeatureCollection, LineString } from 'geojson';
import type { Track } from '../data/api.ts';
import { mercatorX, mercatorY, metresPerUnit } from '../live/mercator.ts';

/** Fixes further apart than this are of different runs: nothing is known between them. */
const GAP_MS = 120_000;
const SHADES = 8;

export interface Step {
  t: number;
  lng: number;
  lat: number;
  /** m/s; null unknown. */
  spd: number | null;
}

export interface TrackLineProperties {
  gap: boolean;
  opacity: number;
}

/** The fixes of a track in order of time. */
export function steps(track: Track): Step[] {
  return track.features
    .map(({ geometry, properties }) => ({
      t: Date.parse(properties.t),
      lng: geometry.coordinates[0],
      lat: geometry.coordinates[1],
      spd: properties.spd ?? null,
    }))
    .toSorted((a, b) => a.t - b.t);
}

/** Metres between two fixes. */
export function metres(a: Step, b: Step): number {
  const y = mercatorY(a.lat);
  return Math.hypot(mercatorX(b.lng) - mercatorX(a.lng), mercatorY(b.lat) - y) * metresPerUnit(y);
}

/** Metres along the runs of a track; what is not known between runs is not counted. */
export function length(track: readonly Step[]): number {
  let sum = 0;
  for (let i = 1; i < track.length; i += 1) {
    if (track[i].t - track[i - 1].t <= GAP_MS) sum += metres(track[i - 1], track[i]);
  }
  return sum;
}

const shadeOf = (t: number, from: number, to: number): number =>
  Math.min(SHADES - 1, Math.floor((SHADES * (t - from)) / Math.max(1, to - from)));

/** Lines of the track, the oldest faint; a gap is a line of its own with `gap` true. */
export function trackLines(track: readonly Step[]): FeatureCollection<LineString, TrackLineProperties> {
  const features: Feature<LineString, TrackLineProperties>[] = [];
  const [first, last] = [track[0]?.t ?? 0, track.at(-1)?.t ?? 0];
  let run: Feature<LineString, TrackLineProperties> | undefined;
  let shade = -1;
  for (let i = 1; i < track.length; i += 1) {
    const [a, b] = [track[i - 1], track[i]];
    const gap = b.t - a.t > GAP_MS;
    const now = shadeOf(b.t, first, last);
    if (!run || gap || run.properties.gap || now !== shade) {
      shade = now;
      run = line(a, gap, 0.3 + (0.7 * (now + 1)) / SHADES);
      features.push(run);
    }
    run.geometry.coordinates.push([b.lng, b.lat]);
  }
  return { type: 'FeatureCollection', features };
}

const line = (from: Step, gap: boolean, opacity: number): Feature<LineString, TrackLineProperties> => ({
  type: 'Feature',
  properties: { gap, opacity },
  geometry: { type: 'LineString', coordinates: [[from.lng, from.lat]] },
});
