import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calendar, shade, stops } from './stops.ts';
import type { Stay } from '../data/types.ts';

const MINUTE = 60_000;
const at = (minute: number, metresNorth: number) => ({
  t: minute * MINUTE,
  lng: 114.4,
  lat: 23.1 + metresNorth / 110_900,
  spd: null,
});

test('a stop is five minutes within forty metres of where it began', () => {
  const found = stops([at(0, 0), at(3, 20), at(6, 30), at(7, 90), at(8, 200), at(20, 210)]);
  assert.deepEqual(
    found.map(({ from, to }) => [from / MINUTE, to / MINUTE]),
    [
      [0, 6],
      [8, 20],
    ],
  );
  assert.deepEqual(stops([]), []);
  assert.deepEqual(stops([at(0, 0), at(4, 0)]), []);
});

test('visits are counted on the day of the city on which they began', () => {
  const stay = (t_in: string, kind: Stay['kind']) => ({ t_in, kind }) as Stay;
  const now = Date.parse('2026-10-03T01:00:00Z');
  const days = calendar(
    [
      stay('2026-10-01T15:59:00Z', 'visit'),
      stay('2026-10-01T16:01:00Z', 'visit'),
      stay('2026-10-01T17:00:00Z', 'short'),
      stay('2026-09-01T17:00:00Z', 'visit'),
    ],
    3,
    now,
    'Asia/Shanghai',
  );
  assert.deepEqual(days, [
    { day: '2026-10-01', visits: 1, others: 0 },
    { day: '2026-10-02', visits: 1, others: 1 },
    { day: '2026-10-03', visits: 0, others: 0 },
  ]);
  assert.deepEqual([0, 1, 2, 3, 4, 5, 99].map(shade), [0, 1, 2, 3, 3, 4, 4]);
});
