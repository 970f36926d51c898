// Accounts, tokens and the audit record as lists.

import * as api from '../data/api.ts';
import { moment } from '../words/format.ts';
import { LOCALE } from '../i18n/index.ts';
import type { Key } from '../i18n/zh.ts';
import type { Setting } from './resources.tsx';
import { type Column, type Field, type Resource, type Row } from './table.tsx';

const ROLES = ['administrator', 'commander', 'supervisor', 'analyst', 'officer', 'auditor'] as const;

const text = (field: string, name: Key): Column => ({ name, show: (row) => String(row[field] ?? '—') });
const when = (field: string, name: Key, s: Setting): Column => ({
  name,
  show: (row) => (typeof row[field] === 'string' ? moment(Date.parse(row[field]), s.zone, LOCALE[s.language]) : '—'),
});
const role = (s: Setting): Column => ({
  name: 'settings.role',
  show: (row) => (ROLES.some((one) => one === row.role) ? s.t(`role.${row.role}` as Key) : String(row.role)),
});
const areas = (s: Setting): Column => ({
  name: 'settings.areas',
  show: (row) =>
    Array.isArray(row.areas)
      ? row.areas.map((code) => s.city.areaNames.get(String(code)) ?? String(code)).join('、')
      : s.t('settings.wholeCity'),
});
const fields = (s: Setting): Field[] => [
  { field: 'name', name: 'settings.name', kind: 'text', required: true },
  {
    field: 'role',
    name: 'settings.role',
    kind: 'choice',
    required: true,
    start: 'supervisor',
    choices: ROLES.map((value) => ({ value, name: s.t(`role.${value}`) })),
  },
  { field: 'areas', name: 'settings.areasHelp', kind: 'text' },
];
const body = (values: Readonly<Record<string, string>>) => ({
  name: values.name.trim(),
  role: values.role,
  areas: values.areas.trim() ? values.areas.split(/[,,、\s]+/).filter(Boolean) : null,
});
const part = (row: Row, field: string): string => encodeURIComponent(String(row[field]));

export const accounts = (s: Setting): Resource => ({
  path: '/accounts',
  id: (row) => String(row.name),
  columns: [
    text('name', 'settings.account'),
    role(s),
    areas(s),
    { name: 'settings.secondFactor', show: (row) => (row.second_factor ? '✓' : '—') },
    text('sessions', 'settings.sessions'),
    { name: 'settings.state', show: (row) => s.t(row.disabled ? 'settings.disabled' : 'settings.active') },
  ],
  fields: fields(s),
  body,
  once: (answer) => {
    const { password } = (answer ?? {}) as { password?: string | null };
    return password ? s.t('settings.once', { secret: password }) : undefined;
  },
  actions: [
    {
      name: 'settings.disable',
      sure: true,
      when: (row) => !row.disabled,
      act: (row) => api.send('PATCH', `/accounts/${part(row, 'name')}`, { disabled: true }),
    },
    {
      name: 'settings.enable',
      when: (row) => row.disabled === true,
      act: (row) => api.send('PATCH', `/accounts/${part(row, 'name')}`, { disabled: false }),
    },
    {
      name: 'settings.endSessions',
      sure: true,
      act: (row) => api.send('POST', `/accounts/${part(row, 'name')}/sign-out`),
    },
  ],
});

export const tokens = (s: Setting): Resource => ({
  path: '/tokens',
  id: (row) => String(row.id),
  columns: [
    text('name', 'settings.name'),
    role(s),
    areas(s),
    text('account', 'settings.madeBy'),
    when('created_at', 'settings.since', s),
    when('expires_at', 'settings.expires', s),
  ],
  fields: fields(s),
  body,
  once: (answer) => {
    const { token } = (answer ?? {}) as { token?: string };
    return token ? s.t('settings.once', { secret: token }) : undefined;
  },
  actions: [{ name: 'settings.remove', sure: true, act: (row) => api.send('DELETE', `/tokens/${part(row, 'id')}`) }],
});
