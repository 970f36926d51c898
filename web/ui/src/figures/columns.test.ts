import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Person, Place } from '../generated/figures.ts';
import { zh } from '../i18n/zh.ts';
import { found, NAME, OF_PEOPLE, OF_PLACES, OWNER, sorted } from './columns.ts';

const place = (code: string, more: Partial<Place>): Place => ({
  ...({ code, name: null, owner: null } as Place),
  ...more,
});
const codes = (rows: readonly { code: string }[]): string => rows.map(({ code }) => code).join('');
const ROWS = [
  place('b', { coverage: 0.5, name: '桥东2', owner: '王' }),
  place('a', { coverage: null, name: '桥东10' }),
  place('c', { coverage: 1, name: '江北', owner: '李' }),
  place('d', { coverage: 0.5 }),
];

test('what cannot be told comes last whichever way rows are ordered, equals stay as they were', () => {
  assert.equal(codes(sorted(ROWS, OF_PLACES, 'coverage', 'zh-CN')), 'bdca');
  assert.equal(codes(sorted(ROWS, OF_PLACES, '-coverage', 'zh-CN')), 'cbda');
  assert.equal(codes(sorted(ROWS, OF_PLACES, OWNER, 'zh-CN')), 'cbad');
});

test('names are ordered as people count, and an order that is not known changes nothing', () => {
  assert.equal(codes(sorted(ROWS.slice(0, 2), OF_PLACES, NAME, 'zh-CN')), 'ba');
  for (const sort of ['', '-', 'weather', '-weather'])
    assert.equal(codes(sorted(ROWS, OF_PLACES, sort, 'en-GB')), 'bacd');
});

test('rows are found by name, code or who answers', () => {
  assert.equal(codes(found(ROWS, ' 桥东 ')), 'ba');
  assert.equal(codes(found(ROWS, 'D')), 'd');
  assert.equal(codes(found(ROWS, '李')), 'c');
  assert.equal(codes(found(ROWS, '')), 'bacd');
});

test('a share of nothing is not told, of shifts those that cannot be told are left out', () => {
  const arrivals = { on_time: 3, late: 1, absent: 0, unknown: 5 };
  const column = OF_PEOPLE.find(({ key }) => key === 'on_time');
  assert.equal(column?.value({ arrivals } as Person), 0.75);
  assert.equal(column?.of?.({ arrivals } as Person), '3/4');
  assert.equal(column?.value({ arrivals: { ...arrivals, on_time: 0, late: 0 } } as Person), null);
  const checkpoints = { required: 10, passed: 6, unknown: 2, share: 0.75 };
  assert.equal(OF_PLACES.find(({ key }) => key === 'checkpoints')?.of?.(place('e', { checkpoints })), '6/8');
});

test('every column has a name and a meaning', () => {
  const named = zh as Readonly<Record<string, string>>;
  for (const { key } of [...OF_PLACES, ...OF_PEOPLE]) {
    assert.ok(named[`figure.${key}`], key);
    assert.ok(named[`figure.${key}.help`], key);
  }
});
