// GCJ-02, in which Chinese tile servers draw, by the published reconstruction (tracking/geometry/datum.py, docs/glossary.md). Pure.

const A = 6_378_245; // m, Krasovsky 1940
const EE = 0.006693421622965943;
const DEGREES = 180 / Math.PI;

/** Degrees of WGS-84 shifted to GCJ-02; outside China's box nothing is shifted. */
export function wgs84ToGcj02(lng: number, lat: number): [lng: number, lat: number] {
  if (lng < 72.004 || lng > 137.8347 || lat < 0.8293 || lat > 55.8271) return [lng, lat];
  const [x, y] = [lng - 105, lat - 35];
  const wave = (amplitude: number, turns: number, at: number): number => amplitude * Math.sin(turns * Math.PI * at);
  const ripple = (2 / 3) * (wave(20, 6, x) + wave(20, 2, x));
  const swell = (at: number, third: number, fourth: number): number =>
    (2 / 3) * (wave(20, 1, at) + wave(40, 1 / 3, at) + wave(third, 1 / 12, at) + wave(fourth, 1 / 30, at));
  const root = Math.sqrt(Math.abs(x));
  const north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + ripple + swell(y, 160, 320);
  const east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + ripple + swell(x, 150, 300);
  const phi = lat / DEGREES;
  const magic = 1 - EE * Math.sin(phi) ** 2;
  const meridian = (A * (1 - EE)) / (magic * Math.sqrt(magic));
  const parallel = (A / Math.sqrt(magic)) * Math.cos(phi);
  return [lng + (east / parallel) * DEGREES, lat + (north / meridian) * DEGREES];
}
