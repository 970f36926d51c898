// Where on the canvas things are drawn, and how large: the arithmetic behind what the page draws by itself. Pure.

import { latitude, longitude } from '../../live/mercator.ts';

/** The value at `at` on straight lines between points, level beyond them. */
function along(points: readonly (readonly [number, number])[], at: number): number {
  const above = points.findIndex(([x]) => x >= at);
  if (above === 0) return points[0][1];
  if (above < 0) return points[points.length - 1][1];
  const [[x0, y0], [x1, y1]] = [points[above - 1], points[above]];
  return y0 + ((y1 - y0) * (at - x0)) / (x1 - x0);
}

const SIZES = [
  [9, 5],
  [12, 8],
  [14, 15],
  [16, 22],
  [19, 30],
] as const;

/** Diameter of an officer, CSS px, by zoom: small dots over the city, arrows in a street. */
export const pointSize = (zoom: number): number => along(SIZES, zoom);

const PATTERNS = [
  [10.4, 0],
  [11, 0.22],
  [14, 0.5],
] as const;

/** Opacity of the patterns of cells by zoom: over the whole city they would be a grey veil. */
export const patternOpacity = (zoom: number): number => along(PATTERNS, zoom);

export interface Placing {
  /** A place, in units of WORLD from the origin, is in clip space at place · scale + offset. */
  scale: [x: number, y: number];
  offset: [x: number, y: number];
  /** Pixels of the canvas in one CSS px. */
  ratio: number;
}

/** The part of a map, seen from straight above, north up, that says where things are. */
export interface Flat {
  getCanvas(): { width: number; height: number };
  getPixelRatio(): number;
  getZoom(): number;
  project(place: [lng: number, lat: number]): { x: number; y: number };
}

/** How places relative to an origin on the unit square come to lie on the canvas; in 64 bits, so that 32 do on the card. */
export function placed(map: Flat, [x, y]: readonly [number, number]): Placing {
  const { width, height } = map.getCanvas();
  const ratio = map.getPixelRatio();
  const origin = map.project([longitude(x), latitude(y)]);
  const unit = 2 ** map.getZoom() * ratio;
  return {
    scale: [(2 * unit) / width, (-2 * unit) / height],
    offset: [(2 * ratio * origin.x) / width - 1, 1 - (2 * ratio * origin.y) / height],
    ratio,
  };
}
