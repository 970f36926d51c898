import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PALETTES } from '../map/palette.ts';
import { latitude, longitude, mercatorX, mercatorY } from '../live/mercator.ts';
import { wgs84ToGcj02 } from './datum.ts';
import { vectorLayers, type Writing } from './layers.ts';
import { piecesOf } from './shift.ts';

const WRITING: Writing = { font: ['x'], icons: false, language: 'zh' };

test('the shift agrees with the published vectors', () => {
  // The same as in tests/unit/tracking/test_datum.py.
  const vectors = [
    [31.1774276, 121.5272106, 31.17530398364597, 121.531541859215],
    [22.543847, 113.912316, 22.540796131694766, 113.9171764808363],
    [39.911954, 116.377817, 39.91334545536069, 116.38404722455657],
    [23.0839, 114.4126, 23.0813924, 114.4175696],
  ];
  for (const [lat, lng, wantedLat, wantedLng] of vectors) {
    const [foundLng, foundLat] = wgs84ToGcj02(lng, lat);
    assert.ok(
      Math.abs(foundLat - wantedLat) < 1e-7 && Math.abs(foundLng - wantedLng) < 1e-7,
      `${foundLat},${foundLng}`,
    );
  }
  assert.deepEqual(wgs84ToGcj02(2.35, 48.85), [2.35, 48.85]);
});

test('every place of a moved tile shows what the server draws for it, to half a pixel', () => {
  for (const z of [8, 10, 12, 14, 16, 18]) {
    const side = 2 ** z;
    const [x, y] = [Math.floor(mercatorX(114.41) * side), Math.floor(mercatorY(23.09) * side)];
    const pieces = piecesOf(z, x, y);
    for (const [u, v] of [
      [0.01, 0.01],
      [0.5, 0.5],
      [0.9, 0.2],
      [0.3, 0.97],
    ]) {
      const [lng, lat] = wgs84ToGcj02(longitude((x + u) / side), latitude((y + v) / side));
      const [wantedX, wantedY] = [mercatorX(lng) * side, mercatorY(lat) * side];
      const piece = pieces.find(
        (one) => u >= one.left && u < one.left + one.width && v >= one.top && v < one.top + one.height,
      );
      assert.ok(piece, `z${z}: no piece covers ${u},${v}`);
      const shownX = piece.x + (u - piece.left) / piece.width;
      const shownY = piece.y + (v - piece.top) / piece.height;
      const apart = 256 * Math.hypot(shownX - wantedX, shownY - wantedY);
      assert.ok(apart < 0.5, `z${z}: ${apart} px apart`);
    }
  }
});

test('pieces fill a moved tile without gaps, and far out nothing is moved', () => {
  const pieces = piecesOf(15, 26797, 14214);
  const covered = pieces.reduce((sum, { left, top, width, height }) => {
    const across = Math.min(1, left + width) - Math.max(0, left);
    const down = Math.min(1, top + height) - Math.max(0, top);
    return sum + across * down;
  }, 0);
  assert.ok(Math.abs(covered - 1) < 1e-9, `${covered}`);
  assert.ok(pieces.length >= 2);
  assert.deepEqual(piecesOf(5, 25, 13), [{ x: 25, y: 13, left: 0, top: 0, width: 1, height: 1 }]);
});

test('layers are taken from both known schemas, and of others as they come', () => {
  const colours = PALETTES.dark.ground;
  const ids = (names: string[]): string[] => vectorLayers(names, colours, WRITING).map(({ id }) => id);
  assert.ok(ids(['earth', 'water', 'roads', 'places']).includes('ground-road-major'));
  assert.ok(!ids(['earth', 'water', 'roads']).includes('ground-building'), 'a layer the archive lacks is left out');
  assert.ok(ids(['transportation', 'water', 'building']).includes('ground-building'));
  assert.deepEqual(ids(['own']), ['ground-area-own', 'ground-line-own']);
});
