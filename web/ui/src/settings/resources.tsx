// The settings that are lists, with their columns, fields and actions.

import * as api from '../data/api.ts';
import type { City } from '../data/city.ts';
import { fromField } from '../words/citytime.ts';
import { moment } from '../words/format.ts';
import { type Language, LOCALE, type Translate } from '../i18n/index.ts';
import type { Key } from '../i18n/zh.ts';
import { type Column, type Resource, type Row } from './table.tsx';

export interface Setting {
  t: Translate;
  language: Language;
  zone: string;
  city: City;
  /** Of the viewer. */
  role: string;
  /** Name of the viewer's account. */
  user: string;
}

const text = (field: string, name: Key): Column => ({ name, show: (row) => plain(row[field]) });
const plain = (value: unknown): string =>
  value === null || value === undefined ? '—' : Array.isArray(value) ? value.join('、') || '—' : String(value);
const when = (field: string, name: Key, s: Setting): Column => ({
  name,
  show: (row) => (typeof row[field] === 'string' ? moment(Date.parse(row[field]), s.zone, LOCALE[s.language]) : '—'),
});
const area = (field: string, name: Key, s: Setting): Column => ({
  name,
  show: (row) => s.city.areaNames.get(String(row[field])) ?? plain(row[field]),
});
const streets = (s: Setting) =>
  s.city.areas.filter((one) => one.level === 'street').map((one) => ({ value: one.code, name: one.name }));
const rfc = (value: string, zone: string): string => new Date(fromField(value, zone)).toISOString();
const part = (row: Row, field: string): string => encodeURIComponent(String(row[field]));

export const duties = (s: Setting): Resource => ({
  path: '/duty-rosters',
  id: (row) => String(row.id),
  columns: [
    text('account', 'settings.account'),
    area('area', 'alert.area', s),
    text('level', 'settings.level'),
    when('starts', 'settings.starts', s),
    when('ends', 'settings.ends', s),
    text('made_by', 'settings.madeBy'),
  ],
  fields: [
    { field: 'account', name: 'settings.account', kind: 'text', required: true },
    { field: 'area', name: 'alert.area', kind: 'choice', choices: streets(s) },
    { field: 'level', name: 'settings.level', kind: 'number', required: true, start: '1' },
    { field: 'starts', name: 'settings.starts', kind: 'moment', required: true },
    { field: 'ends', name: 'settings.ends', kind: 'moment', required: true },
  ],
  body: (values) => ({
    account: values.account,
    area: values.area || null,
    level: Number(values.level),
    starts: rfc(values.starts, s.zone),
    ends: rfc(values.ends, s.zone),
  }),
  actions: [
    { name: 'settings.remove', sure: true, act: (row) => api.send('DELETE', `/duty-rosters/${part(row, 'id')}`) },
  ],
});

/** Refused messages, for those who set up devices. */
export const refusals = (s: Setting): Resource => ({
  path: '/refusals',
  id: (row) => String(row.id),
  columns: [
    when('at', 'replay.time', s),
    text('reason', 'act.reason'),
    text('topic', 'settings.topic'),
    text('detail', 'settings.detail'),
  ],
});
