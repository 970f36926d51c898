import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Alert } from '../data/types.ts';
import { translator } from '../i18n/index.ts';
import { dueOf, grouped, kindKey, neighbour, shownOf, subjectOf } from './groups.ts';

const alert = (id: number, level: Alert['level'], more: Partial<Alert> = {}): Alert =>
  ({ id, level, kind: 'coverage_gap', area: 'a', facts: {}, cell: `c${id}`, cell_name: null, ...more }) as Alert;
const ids = (groups: { alerts: Alert[] }[]): number[][] => groups.map(({ alerts }) => alerts.map(({ id }) => id));

test('groups keep the rank inside and stand in the order of their gravest alert', () => {
  const all = [alert(1, 'red', { area: 'b' }), alert(2, 'red'), alert(3, 'orange', { area: 'b' })];
  assert.deepEqual(ids(grouped(all, 'byStreet')), [[1, 3], [2]]);
  assert.deepEqual(ids(grouped(all, 'byLevel')), [[1, 2], [3]]);
  assert.deepEqual(ids(grouped(all, 'byKind')), [[1, 2, 3]]);
});

test('levels stand in order although what is put off comes last', () => {
  const all = [alert(1, 'orange'), alert(2, 'red', { state: 'snoozed' })];
  assert.deepEqual(
    grouped(all, 'byLevel').map(({ key }) => key),
    ['red', 'orange'],
  );
  assert.equal(grouped(all, 'byStreet')[0].level, 'red');
});

test('the keys move through all groups and stop at the ends', () => {
  const groups = grouped([alert(1, 'red'), alert(2, 'orange')], 'byLevel');
  assert.equal(neighbour(groups, null, 1)?.id, 1);
  assert.equal(neighbour(groups, 1, 1)?.id, 2);
  assert.equal(neighbour(groups, 2, 1)?.id, 2);
  assert.equal(neighbour(groups, 1, -1)?.id, 1);
  assert.equal(neighbour(groups, 99, 1)?.id, 1);
  assert.equal(neighbour([], 1, 1), undefined);
});

test('what is chosen stays in a list that is cut', () => {
  const all = [alert(1, 'red'), alert(2, 'red'), alert(3, 'red')];
  const shown = (most: number, chosen: number | null): number[] => shownOf(all, most, chosen).map(({ id }) => id);
  assert.deepEqual(shown(1, null), [1]);
  assert.deepEqual(shown(1, 3), [1, 3]);
  assert.deepEqual(shown(2, 1), [1, 2]);
  assert.deepEqual(shown(9, 99), [1, 2, 3]);
});

test('an alert is called by what it is about', () => {
  const name = (of: Parameters<typeof alert>[2]): string => subjectOf(alert(1, 'red', of), translator('en'));
  assert.equal(name({ cell_name: '桥东-05-3' }), '桥东-05-3');
  assert.equal(name({ cell: null, device: 'cam-1' }), 'cam-1');
  assert.equal(name({ cell: null, device: null, facts: { name: '江北街道' } }), '江北街道');
  assert.equal(name({ cell: null, device: null, facts: {}, kind: 'deaf' }), 'No data received');
  assert.equal(kindKey('sos'), 'kind.sos');
  assert.equal(kindKey('constructor'), 'kind.other');
});

test('only a coverage gap has a moment at which it is due', () => {
  assert.equal(dueOf(alert(1, 'red', { facts: { due: '2026-10-01T08:00:00Z' } })), Date.parse('2026-10-01T08:00:00Z'));
  assert.equal(dueOf(alert(1, 'red', { facts: { due: 'soon' } })), null);
  assert.equal(dueOf(alert(1, 'red')), null);
});
