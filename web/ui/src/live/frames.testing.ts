// Builds position frames for tests, field by field as docs/live-protocol.md §6 lists them.

export interface Row {
  slot: number;
  dx: number;
  dy: number;
  course?: number;
  speed?: number;
  status?: number;
  age?: number;
}

export interface Tile {
  z: number;
  x: number;
  y: number;
  flags?: number;
  rows: Row[];
}

const padded = (n: number): number => Math.ceil(n / 4) * 4;

/** Encode a frame of `kind` (1 full, 2 change) at server time `time`, ms. */
export function frame(kind: number, time: number, tiles: Tile[], tick = 7): ArrayBuffer {
  const size = tiles.reduce((sum, { rows: { length: n } }) => sum + 16 + 4 * n + 2 * padded(2 * n) + 4 * padded(n), 24);
  const view = new DataView(new ArrayBuffer(size));
  view.setUint16(0, 0x5047, true);
  view.setUint8(2, 1);
  view.setUint8(3, kind);
  view.setUint32(4, tiles.length, true);
  view.setFloat64(8, time, true);
  view.setUint32(16, tick, true);
  let at = 24;
  for (const { z, x, y, flags = 0, rows } of tiles) {
    view.setUint8(at, z);
    view.setUint8(at + 1, flags);
    view.setUint32(at + 4, x, true);
    view.setUint32(at + 8, y, true);
    view.setUint32(at + 12, rows.length, true);
    at += 16;
    rows.forEach((row, i) => view.setUint32(at + 4 * i, row.slot, true));
    at += 4 * rows.length;
    for (const field of ['dx', 'dy'] as const) {
      rows.forEach((row, i) => view.setUint16(at + 2 * i, row[field], true));
      at += padded(2 * rows.length);
    }
    for (const field of ['course', 'speed', 'status', 'age'] as const) {
      rows.forEach((row, i) => view.setUint8(at + i, row[field] ?? 0));
      at += padded(rows.length);
    }
  }
  return view.buffer as ArrayBuffer;
}
