import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latitude, longitude } from '../live/mercator.ts';
import { Clip, type ClipTrack, clipPath, linesOf, stepFor } from './clip.ts';
import { exported } from './exports.ts';
import { alertAt, lastBefore, placeAt, ReplayModel } from './model.ts';

const START = Date.parse('2026-10-01T08:00:00Z');
const MINUTE = 60_000;
const span = { from: START, to: START + 10 * MINUTE };
const track = (points: [s: number, lat: number, lon: number][], device = 'cam-1'): ClipTrack => ({
  device,
  label: null,
  unit: 'team',
  t: Float64Array.from(points, ([s]) => START + s * 1000),
  lat: Float64Array.from(points, ([, lat]) => lat),
  lon: Float64Array.from(points, ([, , lon]) => lon),
});

function clip(): Clip {
  const made = new Clip(span);
  const lines = [
    { type: 'head', at: span.from, until: span.to, step: MINUTE, devices: 1 },
    {
      type: 'alerts',
      items: [
        {
          id: 7,
          kind: 'coverage_gap',
          state: 'resolved',
          cell: 'c',
          cell_name: null,
          device: null,
          subject: null,
          steps: [
            [START + MINUTE, 'opened', 'orange'],
            [START + 3 * MINUTE, 'raised', 'red'],
            [START + 5 * MINUTE, 'resolved', 'red'],
          ],
        },
      ],
    },
    { type: 'events', items: [] },
    {
      type: 'cells',
      at: START,
      changes: [
        [1, 'fresh', null, null, 0],
        [2, 'fresh', null, null, 0],
      ],
    },
    {
      type: 'track',
      device: 'cam-1',
      label: null,
      unit: 'u',
      t: [START, 10_000],
      lat: [23_100_000, 100],
      lon: [114_400_000, 0],
    },
    { type: 'cells', at: START + MINUTE, changes: [[1, 'overdue', START, null, 0]] },
    { type: 'cells', at: START + 2 * MINUTE, changes: [[1, 'fresh', null, null, 1]] },
    { type: 'end', left_out: 0 },
  ];
  for (const line of lines) made.take(JSON.stringify(line));
  return made;
}

test('a clip is read line by line and tells how far it is', () => {
  const made = clip();
  assert.equal(made.progress, 1);
  assert.deepEqual([...made.tracks[0].t], [START, START + 10_000]);
  assert.ok(Math.abs(made.tracks[0].lat[1] - 23.1001) < 1e-9);
  assert.deepEqual(made.calls, [START + MINUTE, START + 3 * MINUTE]);
  const begun = new Clip(span);
  begun.take(JSON.stringify({ type: 'cells', at: START + 5 * MINUTE, changes: [] }));
  assert.equal(begun.progress, 0.5);
});

test('lines are found whatever the pieces a stream comes in', async () => {
  const bytes = new TextEncoder().encode('{"a":"城"}\n{"b":2}\n');
  const pieces = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let i = 0; i < bytes.length; i += 3) controller.enqueue(bytes.slice(i, i + 3));
      controller.close();
    },
  });
  const lines: string[] = [];
  for await (const line of linesOf(pieces)) lines.push(line);
  assert.deepEqual(lines, ['{"a":"城"}', '{"b":2}']);
});

test('steps are fine for an hour and coarse for a week', () => {
  assert.equal(stepFor({ from: 0, to: 3_600_000 }), 30);
  assert.equal(stepFor({ from: 0, to: 12 * 3_600_000 }), 300);
  assert.equal(stepFor({ from: 0, to: 7 * 86_400_000 }), 3600);
  assert.match(clipPath(span, true, ['a b']), /step=10&known=then&device=a\+b$/);
});

test('seeking forward and back shows the same state as going there at once', () => {
  const moved = new ReplayModel(clip(), 'Asia/Shanghai');
  for (const minute of [0, 2, 9, 1]) moved.seek(START + minute * MINUTE);
  const direct = new ReplayModel(clip(), 'Asia/Shanghai');
  direct.seek(START + MINUTE);
  assert.deepEqual([...moved.cells], [...direct.cells]);
  assert.equal(moved.cell(1).state, 'overdue');
  assert.equal(moved.cell(2).state, 'fresh');
  assert.deepEqual(moved.alerts.get(), direct.alerts.get());
  assert.equal(moved.serverNow(), START + MINUTE);
});

test('an alert is there from its first step to its end, at the level of the moment', () => {
  const [alert] = clip().alerts;
  assert.equal(alertAt(alert, START), null);
  assert.equal(alertAt(alert, START + 2 * MINUTE)?.level, 'orange');
  assert.equal(alertAt(alert, START + 4 * MINUTE)?.level, 'red');
  assert.equal(alertAt(alert, START + 5 * MINUTE), null);
});

test('an officer walks between fixes, for a while as he came after the last, and falls silent', () => {
  const walk = track([
    [0, 23.1, 114.4],
    [10, 23.1001, 114.4],
  ]);
  const middle = placeAt(walk, START + 5_000);
  assert.ok(middle && Math.abs(latitude(middle.y) - 23.10005) < 1e-7 && Math.abs(longitude(middle.x) - 114.4) < 1e-9);
  assert.equal(middle.status & 3, 0);
  assert.equal(middle.course, 0);
  assert.equal((placeAt(walk, START + 60_000)?.status ?? 1) & 3, 0);
  const stood = track([
    [0, 23.1, 114.4],
    [10, 23.1, 114.4],
  ]);
  assert.equal((placeAt(stood, START + 60_000)?.status ?? 0) & 3, 1);
  assert.equal((placeAt(walk, START + 4 * MINUTE)?.status ?? 0) & 3, 2);
  assert.equal(placeAt(walk, START - 1), null);
  assert.equal(lastBefore(Float64Array.of(1, 2, 2, 3), 2), 2);
});

test('tracks are exported with their mark, without joining what a gap parts, and without formulas', () => {
  const parted = track(
    [
      [0, 23.1, 114.4],
      [10, 23.2, 114.5],
      [600, 23.3, 114.6],
    ],
    '=cmd<&>',
  );
  const gpx = exported([parted, track([])], 'gpx', 'for <a>');
  assert.equal(gpx.match(/<trkseg>/g)?.length, 2);
  assert.match(gpx, /<name>=cmd&#60;&#38;&#62;<\/name>/);
  assert.match(gpx, /<desc>for &#60;a&#62;<\/desc>/);
  const json = JSON.parse(exported([parted], 'geojson', 'for a'));
  assert.equal(json.export, 'for a');
  assert.deepEqual(json.features[0].geometry.coordinates, [
    [
      [114.4, 23.1],
      [114.5, 23.2],
    ],
    [[114.6, 23.3]],
  ]);
  const lines = exported([parted], 'csv', 'for a, why').split('\r\n');
  assert.equal(lines[1], `'=cmd<&>,2026-10-01T08:00:00.000Z,23.100000,114.400000,"for a, why"`);
  assert.match(lines[2], /114\.500000,$/);
});
