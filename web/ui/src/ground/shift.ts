// Which tiles of a GCJ-02 server make up a tile of the map, and where each of them goes in it. Pure.
//
// Moving the ground and not the overlay keeps every place of the page in WGS-84: the address, drawn areas, what is asked
// of the server. Inside a tile the shift is taken as even between its corners, which is right to a quarter of a pixel.

import { latitude, longitude, mercatorX, mercatorY } from '../live/mercator.ts';
import { wgs84ToGcj02 } from './datum.ts';

/** Up to this zoom the shift of half a kilometre is less than a pixel. */
const UNSHIFTED_ZOOM = 7;

/** A tile of the server and the square it fills in the wanted tile, in parts of the wanted tile's side. */
export interface Piece {
  x: number;
  y: number;
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Place of a corner of the tile grid of zoom `z` in the same grid of the shifted map. */
function shifted(z: number, x: number, y: number): [number, number] {
  const side = 2 ** z;
  const [lng, lat] = wgs84ToGcj02(longitude(x / side), latitude(y / side));
  return [mercatorX(lng) * side, mercatorY(lat) * side];
}

/** The pieces of one tile: four as a rule, since the shift is seldom a whole tile. */
export function piecesOf(z: number, x: number, y: number): Piece[] {
  if (z <= UNSHIFTED_ZOOM) return [{ x, y, left: 0, top: 0, width: 1, height: 1 }];
  const [west, north] = shifted(z, x, y);
  const [east, south] = shifted(z, x + 1, y + 1);
  const [width, height] = [1 / (east - west), 1 / (south - north)];
  const pieces: Piece[] = [];
  for (let column = Math.floor(west); column < east; column += 1) {
    for (let row = Math.floor(north); row < south; row += 1) {
      pieces.push({ x: column, y: row, left: (column - west) * width, top: (row - north) * height, width, height });
    }
  }
  return pieces;
}
