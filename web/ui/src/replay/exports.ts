// The tracks of a clip as files: GPX 1.1, GeoJSON and CSV. Pure.

import type { ClipTrack } from './clip.ts';

export const FORMS = ['gpx', 'geojson', 'csv'] as const;
export type Form = (typeof FORMS)[number];

export const MEDIA_TYPES: Record<Form, string> = {
  gpx: 'application/gpx+xml',
  geojson: 'application/geo+json',
  csv: 'text/csv',
};

/** A longer silence parts a track: nothing is known of the way between. */
const GAP_MS = 120_000;

const time = (ms: number): string => new Date(ms).toISOString();
const degrees = (value: number): string => value.toFixed(6);
const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
/** Keeps spreadsheets from taking a name for a formula, and a comma for a column. */
const cell = (text: string): string => {
  const safe = /^[\s\u200b\u200e\u200f\u2060\ufeff]*[=+\-@＝＋－＠\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

/** Stretches without a gap, as [first, beyond) of the columns. */
function stretches(track: ClipTrack, gap: number): [number, number][] {
  const edges = [0];
  for (let i = 1; i < track.t.length; i += 1) if (track.t[i] - track.t[i - 1] > gap) edges.push(i);
  return edges.map((edge, i) => [edge, edges[i + 1] ?? track.t.length]);
}

function gpx(tracks: readonly ClipTrack[], mark: string, gap: number): string {
  const parts = tracks.map((track) => {
    const segments = stretches(track, gap).map(([first, beyond]) => {
      const points: string[] = [];
      for (let i = first; i < beyond; i += 1) {
        points.push(
          `<trkpt lat="${degrees(track.lat[i])}" lon="${degrees(track.lon[i])}"><time>${time(track.t[i])}</time></trkpt>`,
        );
      }
      return `<trkseg>\n${points.join('\n')}\n</trkseg>`;
    });
    return `<trk><name>${escaped(track.device)}</name>\n${segments.join('\n')}\n</trk>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="patrolgrid" xmlns="http://www.topografix.com/GPX/1/1">
<metadata><desc>${escaped(mark)}</desc></metadata>
${parts.join('\n')}
</gpx>
`;
}

function geojson(tracks: readonly ClipTrack[], mark: string, gap: number): string {
  const features = tracks.map((track) => ({
    type: 'Feature',
    properties: { device: track.device, label: track.label, unit: track.unit, times: [...track.t].map(time) },
    geometry: {
      type: 'MultiLineString',
      coordinates: stretches(track, gap).map(([first, beyond]) =>
        Array.from({ length: beyond - first }, (_, i) => [
          Number(degrees(track.lon[first + i])),
          Number(degrees(track.lat[first + i])),
        ]),
      ),
    },
  }));
  return `${JSON.stringify({ type: 'FeatureCollection', export: mark, features })}\n`;
}

/** The mark is in a last column, filled in the first row, as in the server's own files. */
function csv(tracks: readonly ClipTrack[], mark: string): string {
  const lines = tracks.flatMap((track) =>
    Array.from(track.t, (t, i) =>
      [cell(track.device), time(t), degrees(track.lat[i]), degrees(track.lon[i])].join(','),
    ),
  );
  const marked = lines.map((line, i) => `${line},${i === 0 ? cell(mark) : ''}`);
  return `${['device,t,lat,lon,export', ...marked].join('\r\n')}\r\n`;
}

/** Write tracks, with what the file says of itself; points of a thinned clip may be further apart than fixes are, so `every` (ms) widens what is a gap. */
export function exported(tracks: readonly ClipTrack[], form: Form, mark: string, every = 0): string {
  const some = tracks.filter((track) => track.t.length > 0);
  const gap = Math.max(GAP_MS, 2 * every);
  if (form === 'gpx') return gpx(some, mark, gap);
  return form === 'geojson' ? geojson(some, mark, gap) : csv(some, mark);
}
