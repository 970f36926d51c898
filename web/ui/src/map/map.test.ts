import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Position } from 'geojson';
import type { Cells, Track } from '../data/api.ts';
import { latitude, longitude, mercatorX, mercatorY, metresPerUnit } from '../live/mercator.ts';
import { BORDER_LEVELS, borders } from './borders.ts';
import { WORLD } from '../live/fleet.ts';
import { meshOf } from './webgl/mesh.ts';
import { patternOpacity, placed, pointSize } from './webgl/placing.ts';
import { centroid, extent, extentOf, isInside, labels } from './shapes.ts';
import { length, steps, trackLines } from './trackline.ts';

/** A square cell of 0.01°, `column` and `row` steps from the corner. */
function cell(id: number, column: number, row: number, grid: string, street: string): Cells['features'][number] {
  const [w, s] = [114 + column / 100, 23 + row / 100];
  const ring: Position[] = [
    [w, s],
    [w + 0.01, s],
    [w + 0.01, s + 0.01],
    [w, s + 0.01],
    [w, s],
  ];
  const properties = { code: `44130200100100${id}`, name: null, grid, street, class: 'business', synthetic: true };
  return { type: 'Feature', id, geometry: { type: 'Polygon', coordinates: [ring] }, properties };
}

const CITY: Cells = {
  type: 'FeatureCollection',
  city: 'c1',
  features: [
    cell(1, 0, 0, 'g1', 's1'),
    cell(2, 1, 0, 'g1', 's1'),
    cell(3, 2, 0, 'g2', 's1'),
    cell(4, 3, 0, 'g3', 's2'),
  ],
};
const edges = (lines: Position[][]): number => lines.reduce((sum, line) => sum + line.length - 1, 0);

test('each border is drawn once, as that of the widest area it bounds', () => {
  const { features } = borders(CITY);
  const [cells, grid, street, city] = features;
  assert.deepEqual(
    features.map(({ properties }) => properties.level),
    BORDER_LEVELS,
  );
  assert.equal(edges(cells.geometry.coordinates), 1);
  assert.equal(edges(grid.geometry.coordinates), 1);
  assert.equal(edges(street.geometry.coordinates), 1);
  assert.equal(edges(city.geometry.coordinates), 10);
  assert.equal(city.geometry.coordinates.length, 1, 'the outline is one line');
  assert.deepEqual(
    grid.geometry.coordinates[0].map(([lng]) => lng.toFixed(2)),
    ['114.02', '114.02'],
  );
});

test('no cells have no borders', () => {
  assert.ok(borders({ ...CITY, features: [] }).features.every(({ geometry }) => geometry.coordinates.length === 0));
});

test('extents span the cells asked for', () => {
  assert.deepEqual(
    extent(CITY)?.map((v) => v.toFixed(2)),
    ['114.00', '23.00', '114.04', '23.01'],
  );
  assert.deepEqual(
    extentOf(CITY, ({ grid }) => grid === 'g1')?.map((v) => v.toFixed(2)),
    ['114.00', '23.00', '114.02', '23.01'],
  );
  assert.equal(extent({ ...CITY, features: [] }), null);
});

test('the label of an area stands in the middle of its cells', () => {
  const { features } = labels(CITY, [{ code: 's1', level: 'street', name: '桥东街道', parent: null, owner: null }]);
  const street = features.find(({ properties }) => properties.name === '桥东街道');
  assert.deepEqual(
    street?.geometry.coordinates.map((v) => v.toFixed(4)),
    ['114.0150', '23.0050'],
  );
  assert.equal(features.filter(({ properties }) => properties.level === 'cell').length, 4);
});

test('the centroid of a polygon goes by area, not by corners', () => {
  const ring: Position[] = [
    [0, 0],
    [2, 0],
    [2, 1],
    [2, 2],
    [0, 2],
    [0, 0],
  ];
  assert.deepEqual(centroid({ type: 'Polygon', coordinates: [ring] }), [1, 1]);
});

const track = (...rows: [number, number][]): Track => ({
  type: 'FeatureCollection',
  features: rows.map(([second, lng]) => ({
    type: 'Feature',
    geometry: { type: 'Point', coordinates: [lng, 23] },
    properties: { t: new Date(second * 1000).toISOString(), acc: 5, spd: null },
  })),
});

test('a track is drawn in order of time and a gap in it is a line of its own', () => {
  const walked = steps(track([20, 114.0002], [0, 114], [10, 114.0001], [400, 114.01], [410, 114.0101]));
  const lines = trackLines(walked).features;
  const gaps = lines.filter(({ properties }) => properties.gap);
  assert.equal(gaps.length, 1);
  assert.deepEqual(gaps[0].geometry.coordinates, [
    [114.0002, 23],
    [114.01, 23],
  ]);
  assert.equal(edges(lines.map(({ geometry }) => geometry.coordinates)), 4);
  assert.ok(lines[0].properties.opacity < (lines.at(-1)?.properties.opacity ?? 0));
});

test('the length of a track leaves out what is not known', () => {
  const metres = length(steps(track([0, 114], [10, 114.0001], [400, 114.01], [410, 114.0101])));
  assert.ok(Math.abs(metres - 2 * 10.25) < 0.1, `${metres} m`);
});

test('no track has no lines', () => {
  assert.deepEqual(trackLines([]).features, []);
});

test('mercator and its inverse agree', () => {
  for (const [lng, lat] of [
    [114.41, 23.09],
    [-179.9, -60],
    [0, 0],
  ]) {
    assert.ok(Math.abs(longitude(mercatorX(lng)) - lng) < 1e-9);
    assert.ok(Math.abs(latitude(mercatorY(lat)) - lat) < 1e-9);
  }
  assert.ok(Math.abs(metresPerUnit(mercatorY(60)) - 40_075_016.686 / 2) < 1);
});

test('a place relative to an origin comes to lie in clip space where the map has it', () => {
  const [zoom, ratio] = [14.3, 2];
  const middle = [mercatorX(114.41), mercatorY(23.09)];
  const project = ([lng, lat]: [number, number]): { x: number; y: number } => ({
    x: 683 + (mercatorX(lng) - middle[0]) * WORLD * 2 ** zoom,
    y: 384 + (mercatorY(lat) - middle[1]) * WORLD * 2 ** zoom,
  });
  const getCanvas = () => ({ width: 1366 * ratio, height: 768 * ratio });
  const origin = [mercatorX(114.4), mercatorY(23.1)] as const;
  const map = { getCanvas, getPixelRatio: () => ratio, getZoom: () => zoom, project };
  const { scale, offset } = placed(map, origin);
  for (const [lng, lat] of [
    [114.4, 23.1],
    [114.42, 23.08],
  ]) {
    const x = (mercatorX(lng) - origin[0]) * WORLD * scale[0] + offset[0];
    const y = (mercatorY(lat) - origin[1]) * WORLD * scale[1] + offset[1];
    const shown = project([lng, lat]);
    assert.ok(Math.abs(((x + 1) / 2) * 1366 - shown.x) < 1e-6 && Math.abs(((1 - y) / 2) * 768 - shown.y) < 1e-6);
  }
});

test('cells are cut into triangles that cover each of them once', () => {
  const hole = [0.002, 0.004, 0.004, 0.002, 0.002].map((x, i) => [
    114 + x,
    23 + [0.002, 0.002, 0.004, 0.004, 0.002][i],
  ]);
  const [first, ...others] = CITY.features;
  const ring = first.geometry.coordinates[0];
  const cells = {
    ...CITY,
    features: [{ ...first, geometry: { ...first.geometry, coordinates: [ring, hole] } }, ...others],
  };
  const { places, rows, triangles } = meshOf(cells, [mercatorX(114), mercatorY(23)]);
  const areas = cells.features.map(() => 0);
  for (let i = 0; i < triangles.length; i += 3) {
    const [a, b, c] = [...triangles.subarray(i, i + 3)].map((corner) => [places[2 * corner], places[2 * corner + 1]]);
    areas[rows[triangles[i]]] += Math.abs((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])) / 2;
  }
  const side = (0.01 / 360) * WORLD;
  for (const [row, area] of areas.entries()) {
    const whole = side * side * (row === 0 ? 0.96 : 1);
    assert.ok(Math.abs(area / whole / (1 / Math.cos((23 * Math.PI) / 180)) - 1) < 1e-3, `cell ${row}: ${area / whole}`);
  }
});

test('a place is in one cell, and in none where there is a hole', () => {
  const { geometry } = CITY.features[0];
  assert.ok(isInside([114.005, 23.005], geometry));
  assert.ok(!isInside([114.015, 23.005], geometry));
  const edge = CITY.features.filter((feature) => isInside([114.01, 23.005], feature.geometry));
  assert.equal(edge.length, 1);
  const holed = {
    ...geometry,
    coordinates: [
      geometry.coordinates[0],
      geometry.coordinates[0].map(([x, y]) => [(x + 114.005) / 2, (y + 23.005) / 2]),
    ],
  };
  assert.ok(!isInside([114.005, 23.005], holed));
});

test('points grow with the zoom and never shrink', () => {
  let before = 0;
  for (let zoom = 5; zoom <= 22; zoom += 0.25) {
    const size = pointSize(zoom);
    assert.ok(size >= before && size >= 5 && size <= 30);
    before = size;
  }
});

test('patterns come in between the city and a street', () => {
  assert.equal(patternOpacity(9), 0);
  assert.ok(Math.abs(patternOpacity(12.5) - 0.36) < 1e-9);
  assert.equal(patternOpacity(19), 0.5);
});
