// Frames of the live protocol, version 1 (docs/live-protocol.md §6). Pure: bytes in, typed columns out.

export const MAGIC = 0x5047;
const HEADER_BYTES = 24;
const BLOCK_BYTES = 16;
const GRID_FLAG = 1;

export const FULL = 1;
export const CHANGE = 2;

/** Freshness of a position, as in status bits 0–1. */
export const MOVING = 0;
export const STILL = 1;
export const SILENT = 2;
export const UNKNOWN = 3;
export const FRESHNESS = ['moving', 'still', 'silent', 'unknown'] as const;
export type Freshness = (typeof FRESHNESS)[number];

/** Which kinds a list of counts shows: of those that nothing is known of only where there are some. */
export const shownKinds = (counts: Record<Freshness, number> | null): Freshness[] =>
  FRESHNESS.filter((kind) => kind !== 'unknown' || (counts?.unknown ?? 0) > 0);

export const COURSE_UNKNOWN = 16;
export const SPEED_UNKNOWN = 32;
export const IN_ALARM = 64;
export const GONE = 128;

/** Positions of one tile, as columns that are views of the message. */
export interface Block {
  z: number;
  x: number;
  y: number;
  /** True: `slot` holds counts of devices, not slots. */
  grid: boolean;
  n: number;
  slot: Uint32Array;
  dx: Uint16Array;
  dy: Uint16Array;
  course: Uint8Array;
  speed: Uint8Array;
  status: Uint8Array;
  age: Uint8Array;
}

export interface Frame {
  kind: typeof FULL | typeof CHANGE;
  /** Server time of the tick, ms since 1970 UTC. */
  time: number;
  tick: number;
  blocks: Block[];
}

/** The server sent something this page cannot read; reloading the page is the remedy. */
export class ProtocolError extends Error {}

const padded = (bytes: number): number => (bytes + 3) & ~3;

function decodeBlock(view: DataView, at: number): { block: Block; next: number } {
  if (at + BLOCK_BYTES > view.byteLength) throw new ProtocolError('position frame ends inside a block head');
  const n = view.getUint32(at + 12, true);
  const size = BLOCK_BYTES + 4 * n + 2 * padded(2 * n) + 4 * padded(n);
  if (at + size > view.byteLength) throw new ProtocolError('position frame ends inside a block');
  const base = view.byteOffset;
  let offset = base + at + BLOCK_BYTES;
  const take = (bytes: number): number => {
    const start = offset;
    offset += padded(bytes);
    return start;
  };
  const { buffer } = view;
  const block: Block = {
    z: view.getUint8(at),
    grid: (view.getUint8(at + 1) & GRID_FLAG) !== 0,
    x: view.getUint32(at + 4, true),
    y: view.getUint32(at + 8, true),
    n,
    slot: new Uint32Array(buffer, take(4 * n), n),
    dx: new Uint16Array(buffer, take(2 * n), n),
    dy: new Uint16Array(buffer, take(2 * n), n),
    course: new Uint8Array(buffer, take(n), n),
    speed: new Uint8Array(buffer, take(n), n),
    status: new Uint8Array(buffer, take(n), n),
    age: new Uint8Array(buffer, take(n), n),
  };
  return { block, next: at + size };
}

/** Decode a binary message; throws ProtocolError when it is not a position frame of version 1. */
export function decodeFrame(buffer: ArrayBuffer): Frame {
  if (buffer.byteLength < HEADER_BYTES) throw new ProtocolError('position frame shorter than its header');
  const view = new DataView(buffer);
  if (view.getUint16(0, true) !== MAGIC || view.getUint8(2) !== 1) throw new ProtocolError('not a position frame');
  const kind = view.getUint8(3);
  if (kind !== FULL && kind !== CHANGE) throw new ProtocolError(`unknown kind of position frame ${kind}`);
  const blocks: Block[] = [];
  let at = HEADER_BYTES;
  for (let left = view.getUint32(4, true); left > 0; left -= 1) {
    const { block, next } = decodeBlock(view, at);
    blocks.push(block);
    at = next;
  }
  return { kind, time: view.getFloat64(8, true), tick: view.getUint32(16, true), blocks };
}

/** Age of a fix at its tick, s; 127 min stands for that or more. */
export const ageSeconds = (code: number): number => (code < 128 ? code : (code - 128) * 60);

/** Speed, m/s; 63.75 stands for that or more. */
export const speedMetres = (code: number): number => code / 4;

/** Course, degrees clockwise from north. */
export const courseDegrees = (code: number): number => (code * 360) / 256;
