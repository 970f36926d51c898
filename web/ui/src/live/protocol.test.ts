import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frame } from './frames.testing.ts';
import { ageSeconds, courseDegrees, decodeFrame, ProtocolError, speedMetres } from './protocol.ts';

const row = { slot: 300_000, dx: 65_535, dy: 1, course: 64, speed: 255, status: 0b0100_0001, age: 130 };

test('decodes every column of blocks whose columns need padding', () => {
  const rows = [1, 2, 3, 4, 5].map((n) => ({ ...row, slot: n, dx: n * 100, age: n }));
  const decoded = decodeFrame(
    frame(1, 1_790_000_000_123.5, [
      { z: 12, x: 3350, y: 1777, rows: [row] },
      { z: 3, x: 7, y: 0, flags: 1, rows },
    ]),
  );
  assert.equal(decoded.kind, 1);
  assert.equal(decoded.time, 1_790_000_000_123.5);
  assert.equal(decoded.tick, 7);
  const [first, second] = decoded.blocks;
  assert.deepEqual([first.z, first.x, first.y, first.n, first.grid], [12, 3350, 1777, 1, false]);
  assert.deepEqual([first.slot[0], first.dx[0], first.dy[0]], [300_000, 65_535, 1]);
  assert.deepEqual([first.course[0], first.speed[0], first.status[0], first.age[0]], [64, 255, 65, 130]);
  assert.equal(second.grid, true);
  assert.deepEqual([...second.slot], [1, 2, 3, 4, 5]);
  assert.deepEqual([...second.dx], [100, 200, 300, 400, 500]);
  assert.deepEqual([...second.age], [1, 2, 3, 4, 5]);
});

test('decodes a frame without blocks', () => {
  assert.deepEqual(decodeFrame(frame(2, 5, [])).blocks, []);
});

test('refuses what is not a position frame of version 1', () => {
  const sound = frame(1, 1, [{ z: 1, x: 0, y: 0, rows: [row, row, row] }]);
  assert.throws(() => decodeFrame(sound.slice(0, 20)), ProtocolError);
  assert.throws(() => decodeFrame(sound.slice(0, 30)), ProtocolError);
  assert.throws(() => decodeFrame(sound.slice(0, sound.byteLength - 4)), ProtocolError);
  for (const [offset, value] of [
    [0, 1],
    [2, 2],
    [3, 9],
  ]) {
    const spoilt = new Uint8Array(sound.slice(0));
    spoilt[offset] = value;
    assert.throws(() => decodeFrame(spoilt.buffer), ProtocolError);
  }
});

test('ages are seconds up to 127 and minutes beyond', () => {
  assert.deepEqual([0, 127, 128, 131, 255].map(ageSeconds), [0, 127, 0, 180, 7620]);
});

test('speed is in quarter metres a second and course in 256ths of a turn', () => {
  assert.equal(speedMetres(6), 1.5);
  assert.equal(courseDegrees(64), 90);
});
