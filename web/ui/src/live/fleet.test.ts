import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fleet, SILENT_AFTER_MS } from './fleet.ts';
import { frame, type Row } from './frames.testing.ts';
import { decodeFrame, GONE, MOVING, SILENT, STILL } from './protocol.ts';

const Z = 12;
const SIDE = 2 ** Z;
const SERVER = 1_790_000_000_000;
/** One 1/65536 of a tile at zoom 12 near Huizhou is about 0.14 m. */
const METRE = 7;

const at = (rows: Row[], kind = 2, time = SERVER) => decodeFrame(frame(kind, time, [{ z: Z, x: 3350, y: 1777, rows }]));
const here = (slot: number, dx = 1000, more: Partial<Row> = {}): Row => ({ slot, dx, dy: 1000, ...more });
const x = (dx: number): number => (3350 + dx / 65_536) / SIDE;
const near = (a: number | undefined, b: number): void =>
  assert.ok(Math.abs((a ?? NaN) - b) < 1e-12, `${a} is not ${b}`);

test('a device appears where it was seen, without a glide', () => {
  const fleet = new Fleet();
  fleet.apply(at([here(5)], 1), 0);
  assert.equal(fleet.size, 1);
  near(fleet.officer(5, 0)?.x, x(1000));
  assert.equal(fleet.isGliding(1), false);
});

test('a device glides from where it is drawn for as long as its fixes are apart', () => {
  const fleet = new Fleet();
  fleet.apply(at([here(5)], 1), 0);
  fleet.apply(at([here(5, 1000 + 10 * METRE)]), 2000);
  near(fleet.officer(5, 2000)?.x, x(1000));
  near(fleet.officer(5, 3000)?.x, x(1000 + 5 * METRE));
  assert.equal(fleet.isGliding(3000), true);
  fleet.apply(at([here(5, 1000 + 20 * METRE)]), 3000);
  near(fleet.officer(5, 3000)?.x, x(1000 + 5 * METRE));
  near(fleet.officer(5, 4000)?.x, x(1000 + 20 * METRE));
  assert.equal(fleet.isGliding(4000), false);
});

test('a jump that no officer can walk is shown at once', () => {
  const fleet = new Fleet();
  fleet.apply(at([here(5)], 1), 0);
  fleet.apply(at([here(5, 1000 + 500 * METRE)]), 1000);
  near(fleet.officer(5, 1000)?.x, x(1000 + 500 * METRE));
});

test('the columns for the graphics card tell the same place as the fleet', () => {
  const fleet = new Fleet(x(0), 1777 / SIDE);
  fleet.apply(at([here(1), here(2)], 1), 500);
  fleet.apply(at([here(2, 1000 + 8 * METRE)]), 2500);
  const [fromX, , toX] = fleet.move.subarray(4, 8);
  const [start, length] = fleet.glide.subarray(2, 4);
  const now = 3000;
  const part = (now / 1000 - fleet.timeOrigin / 1000 - start) / length;
  const drawn = fromX + (toX - fromX) * part;
  const metres = Math.abs(drawn / 512 + x(0) - (fleet.officer(2, now)?.x ?? NaN)) * 36_800_000;
  assert.ok(metres < 0.01, `${metres} m apart`);
});

test('a full frame replaces all positions and a change frame only its own', () => {
  const fleet = new Fleet();
  fleet.apply(at([here(1), here(2), here(3)], 1), 0);
  fleet.apply(at([here(2, 1010)]), 100);
  assert.equal(fleet.size, 3);
  fleet.apply(at([here(3), here(9)], 1), 200);
  assert.deepEqual([...fleet.heldSlots()].toSorted(), [3, 9]);
  assert.equal(fleet.officer(1, 200), undefined);
});

test('a slot that is gone leaves and the others keep their columns', () => {
  const fleet = new Fleet();
  fleet.apply(at([here(1, 10, { course: 1 }), here(2, 20, { course: 2 }), here(3, 30, { course: 3 })], 1), 0);
  fleet.apply(at([here(1, 0, { status: GONE }), here(77, 0, { status: GONE })]), 10);
  assert.equal(fleet.size, 2);
  near(fleet.officer(3, 10)?.x, x(30));
  assert.equal(fleet.officer(3, 10)?.course, 3);
  assert.equal(fleet.officer(2, 10)?.course, 2);
});

test('devices fall silent by the clock and wake with the next fix', () => {
  const fleet = new Fleet();
  fleet.apply(at([here(1, 0, { age: 2 }), here(2, 0, { status: STILL, age: 100 })], 1), 0);
  fleet.expire(SERVER + SILENT_AFTER_MS - 50_000);
  assert.deepEqual(fleet.freshness(), { moving: 1, still: 0, silent: 1, unknown: 0 });
  fleet.expire(SERVER + SILENT_AFTER_MS);
  assert.equal(fleet.officer(1, 0)?.freshness, SILENT);
  fleet.apply(at([here(1, 4)], 2, SERVER + SILENT_AFTER_MS + 1000), 10);
  assert.equal(fleet.officer(1, 10)?.freshness, MOVING);
});

test('counts of the grid band follow changes and leave with a zero', () => {
  const fleet = new Fleet();
  const grid = (kind: number, rows: Row[]) =>
    decodeFrame(frame(kind, SERVER, [{ z: Z, x: 3350, y: 1777, flags: 1, rows }]));
  fleet.apply(grid(1, [here(40, 100), here(3, 200)]), 0);
  assert.deepEqual(
    [...fleet.counts.values()].map(({ count }) => count),
    [40, 3],
  );
  fleet.apply(grid(2, [here(0, 100), here(4, 200)]), 0);
  assert.deepEqual(
    [...fleet.counts.values()].map(({ count }) => count),
    [4],
  );
  assert.equal(fleet.size, 0);
});

test('the nearest device within reach is found, as drawn', () => {
  const fleet = new Fleet();
  fleet.apply(at([here(1, 1000), here(2, 1100)], 1), 0);
  const y = (1777 + 1000 / 65_536) / SIDE;
  const reach = 40 / 65_536 / SIDE;
  assert.equal(fleet.nearest(x(1090), y, reach, 0)?.slot, 2);
  assert.equal(fleet.nearest(x(1050), y, reach, 0), undefined);
});

test('a chosen slot is marked, also when it appears later', () => {
  const fleet = new Fleet();
  fleet.select(new Set([2]));
  fleet.apply(at([here(1), here(2)], 1), 0);
  assert.deepEqual([fleet.look[2], fleet.look[6]], [0, 1]);
  fleet.select(new Set());
  assert.equal(fleet.look[6], 0);
});

test('thousands of devices survive growth and removal', () => {
  const fleet = new Fleet();
  const rows = Array.from({ length: 5000 }, (_, i) => here(i + 1, i % 65_536));
  fleet.apply(at(rows, 1), 0);
  fleet.apply(
    at(
      rows.filter(({ slot }) => slot % 3 === 0),
      1,
    ),
    1,
  );
  assert.equal(fleet.size, 1666);
  near(fleet.officer(2997, 1)?.x, x(2996));
});
