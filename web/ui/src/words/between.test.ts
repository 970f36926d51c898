import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cellsBetween, whyUnknown } from './between.ts';
import { NO_CITY } from '../data/city.ts';
import { translator } from '../i18n/index.ts';
import type { Stay } from '../data/types.ts';

const stay = {
  device: 'xjk-03',
  cell: '087',
  other: '088',
  t_in: '2026-11-29T02:00:00Z',
  t_out: '2026-11-29T02:20:00Z',
} as Stay;
const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 16);

test('a cell that may have been visited from its boundary says who was there, when, and between which cells', () => {
  assert.equal(
    whyUnknown(NO_CITY, stay, clock, translator('en')),
    'xjk-03, 02:00–02:20: between 087 and 088; cannot tell which',
  );
  assert.equal(
    whyUnknown(NO_CITY, { ...stay, device: null }, clock, translator('zh')),
    '–，02:00–02:20：在 087 与 088 之间，无法判断在哪一格',
  );
});

test('at the edge of the cells there is one cell to name', () => {
  assert.equal(
    cellsBetween(NO_CITY, { cell: '087', other: null }, translator('en')),
    'at the edge of 087; cannot tell whether inside',
  );
});
