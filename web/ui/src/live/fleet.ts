// Newest positions by slot, in typed arrays ready for the graphics card. Pure: no clock, no drawing.
//
// Every device glides from where it is drawn to where it was last seen, for as long as its fixes usually are apart.
// Places are Web Mercator on the unit square; `move` holds them relative to an origin so that 32 bits are enough.

import type { GridCount, Officer } from './drawn.ts';
import type { Frame } from './protocol.ts';
import { ageSeconds, FULL, GONE, MOVING, SILENT, UNKNOWN, type Freshness } from './protocol.ts';
import { metresPerUnit } from './mercator.ts';

/** A device whose newest fix is older than this is silent, whatever it did before. */
export const SILENT_AFTER_MS = 180_000;
const GLIDE_MIN_MS = 400;
/** Handsets report every ten seconds: the glide then fills the time, and the drawn place is one report behind. */
const GLIDE_MAX_MS = 10_000;
/** A longer step is a correction, not a walk: it is shown at once. */
const GLIDE_MAX_METRES = 300;
/** Width of the world in the units of `move`: a pixel each at zoom 0, as MapLibre counts zooms. */
export const WORLD = 512;

export class Fleet {
  /** Devices held; they fill the first places of every column. */
  size = 0;
  /** Grows with every change of the columns, so that a reader can tell whether to copy them. */
  version = 0;
  /** Counts of devices by place, in the grid band only. */
  readonly counts = new Map<string, GridCount>();
  /** Per device: from x, from y, to x, to y, relative to the origin, in WORLD units. */
  move: Float32Array = new Float32Array(0);
  /** Per device: start and length of the glide, s since `timeOrigin`. */
  glide: Float32Array = new Float32Array(0);
  /** Per device: course, status with the freshness of now, selected (0 or 1), spare. */
  look: Uint8Array = new Uint8Array(0);
  timeOrigin = 0;

  private readonly index = new Map<number, number>();
  private slots = new Uint32Array(0);
  private place = new Float64Array(0); // from x, from y, to x, to y on the unit square
  private times = new Float64Array(0); // start, end of the glide, last update, fix time; ms
  private speeds = new Uint8Array(0);
  private generations = new Uint32Array(0);
  private generation = 0;
  private selected: ReadonlySet<number> = new Set();
  private glidesUntil = 0;
  private originX: number;
  private originY: number;

  constructor(originX = 0, originY = 0) {
    this.originX = originX;
    this.originY = originY;
  }

  /** Point the 32-bit columns are relative to. */
  get origin(): readonly [number, number] {
    return [this.originX, this.originY];
  }

  /** Move the origin, for example to the middle of the city once it is known. */
  setOrigin(x: number, y: number): void {
    this.originX = x;
    this.originY = y;
    for (let i = 0; i < this.size; i += 1) this.pack(i);
    this.version += 1;
  }

  /** Take in a frame at `now` (ms, any steady clock). */
  apply(frame: Frame, now: number): void {
    this.generation += 1;
    if (frame.kind === FULL) this.counts.clear();
    if (now - this.timeOrigin > 600_000) this.rebase(now);
    for (const block of frame.blocks) {
      const side = 2 ** -block.z;
      for (let i = 0; i < block.n; i += 1) {
        const x = (block.x + block.dx[i] / 65_536) * side;
        const y = (block.y + block.dy[i] / 65_536) * side;
        if (block.grid) {
          this.setCount(`${block.z}/${block.x}/${block.y}/${block.dx[i]}/${block.dy[i]}`, x, y, block.slot[i]);
        } else if (block.status[i] & GONE) {
          this.remove(block.slot[i]);
        } else {
          const at = this.put(block.slot[i], x, y, now);
          this.look[4 * at] = block.course[i];
          this.look[4 * at + 1] = block.status[i];
          this.speeds[at] = block.speed[i];
          this.times[4 * at + 3] = frame.time - ageSeconds(block.age[i]) * 1000;
        }
      }
    }
    if (frame.kind === FULL) this.removeOlderThan(this.generation);
    this.version += 1;
  }

  /** Draw a device exactly there, without a glide: a moment of the past is shown, not a move. */
  show(slot: number, place: { x: number; y: number; course: number; status: number; fixAt: number }): void {
    const at = this.index.get(slot) ?? this.add(slot);
    this.place.set([place.x, place.y, place.x, place.y], 4 * at);
    this.times.set([0, 0, 0, place.fixAt], 4 * at);
    this.look[4 * at] = place.course;
    this.look[4 * at + 1] = place.status;
    this.pack(at);
    this.version += 1;
  }

  /** Forget a device. */
  hide(slot: number): void {
    if (!this.index.has(slot)) return;
    this.remove(slot);
    this.version += 1;
  }

  /** Let devices fall silent by the clock of the server, ms since 1970 UTC. */
  expire(serverNow: number): void {
    let changed = false;
    for (let i = 0; i < this.size; i += 1) {
      const status = this.look[4 * i + 1];
      const freshness = status & 3;
      if (freshness < SILENT && serverNow - this.times[4 * i + 3] > SILENT_AFTER_MS) {
        this.look[4 * i + 1] = (status & ~3) | SILENT;
        changed = true;
      }
    }
    if (changed) this.version += 1;
  }

  /** Mark these slots as chosen by the viewer. */
  select(slots: ReadonlySet<number>): void {
    this.selected = slots;
    for (let i = 0; i < this.size; i += 1) this.look[4 * i + 2] = slots.has(this.slots[i]) ? 1 : 0;
    this.version += 1;
  }

  /** True while any device is still on its way to where it was last seen. */
  isGliding(now: number): boolean {
    return now < this.glidesUntil;
  }

  /** One device as drawn at `now`; undefined when it is not held. */
  officer(slot: number, now: number): Officer | undefined {
    const at = this.index.get(slot);
    return at === undefined ? undefined : this.read(at, now);
  }

  /** The device nearest to a place, within `radius` (unit square), or undefined. */
  nearest(x: number, y: number, radius: number, now: number): Officer | undefined {
    let best = -1;
    let bestSquare = radius * radius;
    for (let i = 0; i < this.size; i += 1) {
      const part = this.progress(i, now);
      const p = 4 * i;
      const dx = this.place[p] + (this.place[p + 2] - this.place[p]) * part - x;
      const dy = this.place[p + 1] + (this.place[p + 3] - this.place[p + 1]) * part - y;
      const square = dx * dx + dy * dy;
      if (square < bestSquare) {
        best = i;
        bestSquare = square;
      }
    }
    return best < 0 ? undefined : this.read(best, now);
  }

  /** Slots held, in the order of the columns. */
  heldSlots(): Uint32Array {
    return this.slots.slice(0, this.size);
  }

  /** How many of the devices held are in each state of freshness. */
  freshness(): Record<Freshness, number> {
    const tally = [0, 0, 0, 0];
    for (let i = 0; i < this.size; i += 1) tally[this.look[4 * i + 1] & 3] += 1;
    return { moving: tally[MOVING], still: tally[1], silent: tally[SILENT], unknown: tally[UNKNOWN] };
  }

  private read(at: number, now: number): Officer {
    const part = this.progress(at, now);
    const p = 4 * at;
    const status = this.look[p + 1];
    return {
      slot: this.slots[at],
      x: this.place[p] + (this.place[p + 2] - this.place[p]) * part,
      y: this.place[p + 1] + (this.place[p + 3] - this.place[p + 1]) * part,
      freshness: status & 3,
      status,
      course: this.look[p],
      speed: this.speeds[at],
      fixAt: this.times[p + 3],
    };
  }

  private progress(at: number, now: number): number {
    const start = this.times[4 * at];
    const end = this.times[4 * at + 1];
    if (now >= end) return 1;
    return now <= start ? 0 : (now - start) / (end - start);
  }

  private put(slot: number, x: number, y: number, now: number): number {
    let at = this.index.get(slot);
    if (at === undefined) {
      at = this.add(slot);
      this.place.set([x, y, x, y], 4 * at);
      this.times.set([now, now, now, 0], 4 * at);
    } else if (this.place[4 * at + 2] !== x || this.place[4 * at + 3] !== y) {
      this.glideTo(at, x, y, now);
    }
    this.generations[at] = this.generation;
    this.pack(at);
    return at;
  }

  private glideTo(at: number, x: number, y: number, now: number): void {
    const here = this.read(at, now);
    const metres = Math.hypot(x - here.x, y - here.y) * metresPerUnit(y);
    const apart = Math.min(GLIDE_MAX_MS, Math.max(GLIDE_MIN_MS, now - this.times[4 * at + 2]));
    const jump = metres > GLIDE_MAX_METRES || here.freshness >= SILENT;
    const end = jump ? now : now + apart;
    this.place.set(jump ? [x, y, x, y] : [here.x, here.y, x, y], 4 * at);
    this.times.set([now, end, now], 4 * at);
    this.glidesUntil = Math.max(this.glidesUntil, end);
  }

  private pack(at: number): void {
    const p = 4 * at;
    this.move[p] = (this.place[p] - this.originX) * WORLD;
    this.move[p + 1] = (this.place[p + 1] - this.originY) * WORLD;
    this.move[p + 2] = (this.place[p + 2] - this.originX) * WORLD;
    this.move[p + 3] = (this.place[p + 3] - this.originY) * WORLD;
    this.glide[2 * at] = (this.times[p] - this.timeOrigin) / 1000;
    this.glide[2 * at + 1] = (this.times[p + 1] - this.times[p]) / 1000;
  }

  private rebase(now: number): void {
    this.timeOrigin = now;
    for (let i = 0; i < this.size; i += 1) this.pack(i);
  }

  private setCount(key: string, x: number, y: number, count: number): void {
    if (count === 0) this.counts.delete(key);
    else this.counts.set(key, { x, y, count });
  }

  private add(slot: number): number {
    if (this.size === this.slots.length) this.grow(Math.max(256, 2 * this.size));
    const at = this.size;
    this.size += 1;
    this.index.set(slot, at);
    this.slots[at] = slot;
    this.look.set([0, 0, this.selected.has(slot) ? 1 : 0, 0], 4 * at);
    return at;
  }

  private remove(slot: number): void {
    const at = this.index.get(slot);
    if (at === undefined) return;
    const last = this.size - 1;
    this.index.delete(slot);
    this.size = last;
    if (at === last) return;
    this.index.set(this.slots[last], at);
    this.slots[at] = this.slots[last];
    this.speeds[at] = this.speeds[last];
    this.generations[at] = this.generations[last];
    for (const column of [this.place, this.times, this.move, this.look]) {
      column.copyWithin(4 * at, 4 * last, 4 * last + 4);
    }
    this.glide.copyWithin(2 * at, 2 * last, 2 * last + 2);
  }

  private removeOlderThan(generation: number): void {
    for (let i = this.size - 1; i >= 0; i -= 1) {
      if (this.generations[i] !== generation) this.remove(this.slots[i]);
    }
  }

  private grow(capacity: number): void {
    const wider = <T extends Float32Array | Float64Array | Uint8Array | Uint32Array>(old: T, length: number): T => {
      const next = new (old.constructor as new (n: number) => T)(length);
      next.set(old);
      return next;
    };
    this.slots = wider(this.slots, capacity);
    this.generations = wider(this.generations, capacity);
    this.speeds = wider(this.speeds, capacity);
    this.place = wider(this.place, 4 * capacity);
    this.times = wider(this.times, 4 * capacity);
    this.move = wider(this.move, 4 * capacity);
    this.look = wider(this.look, 4 * capacity);
    this.glide = wider(this.glide, 2 * capacity);
  }
}
