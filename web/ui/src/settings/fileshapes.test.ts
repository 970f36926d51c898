import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boxOf } from '../map/shapes.ts';
import { pathOf, rowsOf, shapesOf, sheetOf } from './fileshapes.ts';

const collection = (...geometries: unknown[]): string =>
  JSON.stringify({
    type: 'FeatureCollection',
    features: geometries.map((geometry) => ({ type: 'Feature', properties: {}, geometry })),
  });

test('features keep their number though others cannot be drawn', () => {
  const ring = [
    [1, 1],
    [2, 1],
    [2, 2],
    [1, 1],
  ];
  const text = collection(
    null,
    { type: 'Polygon', coordinates: [ring] },
    { type: 'LineString', coordinates: [[1, 1], [500, 1], 'x'] },
    { type: 'Point', coordinates: [1, 'north'] },
    { type: 'MultiLineString', coordinates: [ring, []] },
    { type: 'Point', coordinates: [3, 4] },
  );
  assert.deepEqual(shapesOf(text, 'geojson'), [
    { index: 1, kind: 'area', parts: [ring] },
    { index: 2, kind: 'line', parts: [[[1, 1]]] },
    { index: 4, kind: 'line', parts: [ring, []] },
    { index: 5, kind: 'point', parts: [[[3, 4]]] },
  ]);
});

test('what is no file of features draws nothing', () => {
  for (const text of ['', '{', 'null', '[]', '{"features": 3}', '{"features": [7, null]}']) {
    assert.deepEqual(shapesOf(text, 'geojson'), [], text);
  }
});

test('rows of a table keep their number, quoted fields their commas', () => {
  const csv = '\uFEFFcode,name,lat,lon\r\nP1,"东口, ""北""",23.1,114.4\r\n\r\nP2,,north,114.4\r\nP3,,23.2,114.5';
  assert.deepEqual(rowsOf(csv)[1], ['P1', '东口, "北"', '23.1', '114.4']);
  assert.deepEqual(shapesOf(csv, 'csv'), [
    { index: 0, kind: 'point', parts: [[[114.4, 23.1]]] },
    { index: 2, kind: 'point', parts: [[[114.5, 23.2]]] },
  ]);
  assert.deepEqual(shapesOf('code,name\nP1,x', 'csv'), []);
});

test('a sheet has its longer side, north up, shapes as in nature', () => {
  const lines = [
    [
      [10, 60],
      [12, 61],
    ],
  ];
  const box = boxOf(lines);
  assert.deepEqual(box, [10, 60, 12, 61]);
  assert.ok(box);
  const sheet = sheetOf(box, 400);
  assert.equal(sheet.height, 400);
  assert.ok(Math.abs(sheet.width - 800 * Math.cos((60.5 * Math.PI) / 180)) < 1);
  assert.equal(pathOf(lines, sheet), `M0.0 400.0L${sheet.width.toFixed(1)} 0.0`);
  assert.equal(pathOf([[[10, 61]], []], sheet), 'M0.0 0.0h0');
  assert.equal(boxOf([[]]), null);
});
