import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { City } from '../data/city.ts';
import { dayOf, fromField, toField } from '../words/citytime.ts';
import { find } from '../data/search.ts';
import { clock, compass, distance, kmh, span } from '../words/format.ts';
import { en } from '../i18n/en.ts';
import { fill } from '../i18n/fill.ts';
import { type Key, zh } from '../i18n/zh.ts';
import { LIVE, type Page, readAddress, screenOf, writeAddress } from './url.ts';

const t = (key: Key, values: Readonly<Record<string, string | number>> = {}): string => fill(en[key], values);

test('both languages have the same keys and the same places for values', () => {
  assert.deepEqual(Object.keys(en).toSorted(), Object.keys(zh).toSorted());
  const places = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).toSorted();
  for (const key of Object.keys(zh) as Key[]) {
    assert.ok(zh[key].trim() && en[key].trim(), `${key} is empty`);
    assert.deepEqual(places(en[key]), places(zh[key]), key);
  }
});

test('a place without a value stays, so that it is noticed', () => {
  assert.equal(fill('{a} of {b}', { a: 1 }), '1 of {b}');
});

test('spans are rounded down to what matters', () => {
  const cases: [number, string][] = [
    [-5, 'under 1 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [95_000, '1 min 35 s'],
    [15 * 60_000 + 30_000, '15 min'],
    [3_600_000, '1 h'],
    [5_430_000, '1 h 30 min'],
    [72 * 3_600_000, '3 d'],
    [75 * 3_600_000, '3 d 3 h'],
  ];
  for (const [ms, text] of cases) assert.equal(span(ms, t), text);
});

test('speeds, distances and courses are told as people say them', () => {
  assert.equal(kmh(1.4, t), '5.0 km/h');
  assert.equal(kmh(10, t), '36 km/h');
  assert.equal(distance(999.4, t), '999 m');
  assert.equal(distance(1234, t), '1.2 km');
  assert.deepEqual(
    [0, 22, 23, 359, -90].map((degrees) => compass(degrees, t)),
    ['north', 'north', 'north-east', 'north', 'west'],
  );
});

test('times are those of the city', () => {
  assert.equal(clock(Date.parse('2026-10-01T16:05:09Z'), 'Asia/Shanghai', 'zh-CN'), '00:05:09');
});

const SPAN = { from: Date.parse('2026-10-01T08:00:00Z'), to: Date.parse('2026-10-01T09:30:00Z') };

test('an address keeps place, choice and page', () => {
  const address = {
    place: { lng: 114.4123, lat: 23.0912, zoom: 14.25 },
    selection: { kind: 'officer', id: 'BC/1 号' },
  } as const;
  const pages: Page[] = [
    LIVE,
    { kind: 'replay', span: SPAN, at: SPAN.from + 60_000, then: true, only: ['BC,1', 'BC 2'].slice(1) },
    { kind: 'replay', span: null, at: null, then: false, only: [] },
    {
      kind: 'area',
      ring: [
        [114.4, 23.1],
        [114.41, 23.1],
        [114.4, 23.11],
      ],
      span: SPAN,
    },
    { kind: 'figures', level: 'street', span: SPAN, sort: '-coverage', find: '桥 东&' },
    { kind: 'figures', level: 'grid', span: null, sort: '', find: '' },
    { kind: 'settings', tab: 'plans' },
  ];
  for (const page of pages) assert.deepEqual(readAddress(writeAddress({ ...address, page })), { ...address, page });
  const empty = { place: null, selection: null, page: LIVE };
  assert.deepEqual(readAddress(writeAddress(empty)), empty);
});

test('what an address gets wrong is left out', () => {
  for (const hash of ['', '#', '#map=a/b/c', '#map=12/99/114', '#map=12', '#officer=', '#at=now&then=1']) {
    assert.deepEqual(readAddress(hash), { place: null, selection: null, page: LIVE }, hash);
  }
  const page = readAddress('#replay=2026-10-01T09:00:00Z~2026-10-01T08:00:00Z&at=soon').page;
  assert.deepEqual(page, { kind: 'replay', span: null, at: null, then: false, only: [] });
  const figures = readAddress('#figures=planet&when=soon').page;
  assert.deepEqual(figures, { kind: 'figures', level: 'grid', span: null, sort: '', find: '' });
  assert.deepEqual(readAddress('#area=1,2;a,b;500,1').page, { kind: 'area', ring: [[1, 2]], span: null });
});

test('moving the map or the moment is no other screen, another choice is', () => {
  const page = { kind: 'replay', span: SPAN, at: SPAN.from, then: false, only: [] } as const;
  const one = { place: null, selection: null, page };
  const same = { place: { lng: 1, lat: 2, zoom: 3 }, selection: null, page: { ...page, at: SPAN.to } };
  assert.equal(screenOf(one), screenOf(same));
  assert.notEqual(screenOf(one), screenOf({ ...one, selection: { kind: 'cell', id: '1' } }));
  const table = { kind: 'figures', level: 'grid', span: SPAN, sort: '', find: '' } as const;
  const ordered = { ...same, page: { ...table, sort: 'visits', find: '桥' } };
  assert.equal(screenOf({ ...one, page: table }), screenOf(ordered));
  assert.notEqual(screenOf({ ...one, page: table }), screenOf({ ...one, page: { ...table, level: 'cell' } }));
});

test('fields of a form are times of the city, whatever the zone of the computer', () => {
  const at = Date.parse('2026-10-01T16:05:00Z');
  assert.equal(toField(at, 'Asia/Shanghai'), '2026-10-02T00:05');
  assert.equal(fromField('2026-10-02T00:05', 'Asia/Shanghai'), at);
  assert.equal(dayOf(at, 'Asia/Shanghai'), '2026-10-02');
  assert.ok(Number.isNaN(fromField('', 'Asia/Shanghai')));
  const summer = Date.parse('2026-03-29T01:30:00Z');
  assert.equal(fromField(toField(summer, 'Europe/Berlin'), 'Europe/Berlin'), summer);
});

const CITY = {
  cells: {
    type: 'FeatureCollection',
    city: 'c1',
    features: [
      {
        type: 'Feature',
        id: 1,
        geometry: { type: 'Polygon', coordinates: [] },
        properties: {
          code: '441302001001001',
          name: '桥东-01-1',
          grid: 'g1',
          street: 's1',
          class: 'business',
          synthetic: true,
        },
      },
    ],
  },
  areas: [{ code: 's1', level: 'street', name: '桥东街道', parent: null, owner: null }],
  byCode: new Map(),
  areaNames: new Map([['s1', '桥东街道']]),
  synthetic: true,
} as City;
const OFFICERS = [
  { slot: 1, id: 'BC-0010', label: '王队员', unit: 'u' },
  { slot: 2, id: 'BC-001', label: null, unit: 'u' },
];

test('search finds officers, areas and cells, the closest first', () => {
  assert.deepEqual(
    find('bc-001', OFFICERS, CITY).map(({ id }) => id),
    ['BC-001', 'BC-0010'],
  );
  assert.deepEqual(
    find('桥东', OFFICERS, CITY).map(({ kind }) => kind),
    ['area', 'cell'],
  );
  assert.deepEqual(
    find('王', OFFICERS, CITY).map(({ title }) => title),
    ['王队员'],
  );
  assert.deepEqual(find('  ', OFFICERS, CITY), []);
});

/** Colours of a theme by name, from the style sheet. */
function tokens(css: string): Map<string, [number, number, number]> {
  const found = new Map<string, [number, number, number]>();
  for (const [, name, hex] of css.matchAll(/--([\w-]+): #([0-9a-f]{6})/g)) {
    found.set(name, [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16)) as [number, number, number]);
  }
  return found;
}

function contrast(a: [number, number, number], b: [number, number, number]): number {
  const light = (rgb: [number, number, number]): number => {
    const [r, g, bl] = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * bl;
  };
  const [high, low] = [light(a), light(b)].toSorted((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

test('texts keep a contrast of 4.5 to the panels in both themes', () => {
  const css = readFileSync(new URL('../styles/tokens.css', import.meta.url), 'utf8');
  const [dark, light] = css.split("[data-theme='light']").map(tokens);
  const names =
    'text quiet accent fresh due_soon will_breach overdue unknown red orange yellow blue moving still silent event';
  for (const [theme, colours] of Object.entries({ dark, light })) {
    for (const ground of ['raised', 'hover']) {
      for (const name of names.split(' ')) {
        const [ink, under] = [colours.get(name), colours.get(ground)];
        assert.ok(ink && under, `${theme} lacks --${name} or --${ground}`);
        const ratio = contrast(ink, under);
        assert.ok(ratio >= 4.5, `${theme}: --${name} on --${ground} has ${ratio.toFixed(2)}`);
      }
    }
    const [accent, ink] = [colours.get('accent'), colours.get('accent-ink')];
    assert.ok(accent && ink && contrast(accent, ink) >= 4.5, `${theme}: --accent-ink on --accent`);
  }
});
