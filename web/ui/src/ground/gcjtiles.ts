// Converts tiles of a GCJ-02 server to WGS-84 tiles for the map.

import { addProtocol } from 'maplibre-gl';
import { piecesOf } from './shift.ts';

const SCHEME = 'gcj02';
/** Tiles of the server that are kept for their neighbours. */
const KEPT = 128;

/** Latest used tiles, the oldest given up first; a failed one is asked for again. */
class Tiles {
  private readonly template: string;
  private readonly kept = new Map<string, Promise<ImageBitmap>>();

  constructor(template: string) {
    this.template = template;
  }

  get(z: number, x: number, y: number): Promise<ImageBitmap> {
    const url = this.template.replace('{z}', `${z}`).replace('{x}', `${x}`).replace('{y}', `${y}`);
    const found = this.kept.get(url) ?? fetchTile(url);
    this.kept.delete(url);
    this.kept.set(url, found);
    found.catch(() => this.kept.delete(url));
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= KEPT) break;
      this.kept.delete(oldest);
    }
    return found;
  }
}

async function fetchTile(url: string): Promise<ImageBitmap> {
  // Not with our cookies, and not with our address: the server learns no more than which tile.
  const response = await fetch(url, { credentials: 'omit', referrerPolicy: 'no-referrer' });
  if (!response.ok) throw new Error(`the tile server answers ${response.status}`);
  return createImageBitmap(await response.blob());
}

/** Make a tile of the map; where a piece is missing it stays clear, and without any it fails. */
async function compose(tiles: Tiles, size: number, z: number, x: number, y: number): Promise<ImageBitmap> {
  const pieces = piecesOf(z, x, y);
  const side = 2 ** z;
  const images = await Promise.allSettled(
    pieces.map((piece) =>
      piece.y < 0 || piece.y >= side ? Promise.reject(new Error('past the pole')) : tiles.get(z, piece.x, piece.y),
    ),
  );
  const failed = images.find((image) => image.status === 'rejected');
  if (failed && images.every((image) => image.status === 'rejected')) throw failed.reason;
  const canvas = new OffscreenCanvas(size, size);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('this browser cannot draw on a canvas');
  pieces.forEach((piece, i) => {
    const image = images[i];
    if (image.status === 'rejected') return;
    // To whole pixels: between two soft edges a seam would show.
    const [left, top] = [Math.round(piece.left * size), Math.round(piece.top * size)];
    const right = Math.round((piece.left + piece.width) * size);
    const bottom = Math.round((piece.top + piece.height) * size);
    context.drawImage(image.value, left, top, right - left, bottom - top);
  });
  return canvas.transferToImageBitmap();
}

/** Template of the tiles, moved, for a source of the map. */
export function movedTiles(template: string, size: number): string {
  const tiles = new Tiles(template);
  addProtocol(SCHEME, async ({ url }) => {
    const [z, x, y] = url.slice(`${SCHEME}://`.length).split('/').map(Number);
    return { data: await compose(tiles, size, z, x, y) };
  });
  return `${SCHEME}://{z}/{x}/{y}`;
}
