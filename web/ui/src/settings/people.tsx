// Devices and officers, with their bindings.

import { type ReactNode } from 'react';
import * as api from '../data/api.ts';
import { moment } from '../words/format.ts';
import { useLoaded } from '../parts/hooks.ts';
import { LOCALE, useSpeech } from '../i18n/index.ts';
import { Await } from '../parts/parts.tsx';
import { QrCode } from './qr.tsx';
import type { Setting } from './resources.tsx';
import { type Resource, type Row, Table } from './table.tsx';

const MOST = 50_000;
const DATUMS = ['wgs84', 'gcj02', 'bd09', 'cgcs2000'] as const;
const NOBODY = '';

interface Unit {
  code: string;
  name: string;
}

export interface Officer {
  badge: string;
  name: string;
  unit: string;
  device: string | null;
}

interface People {
  units: readonly Unit[];
  officers: readonly Officer[];
}

/** Loads units and officers for its children to offer. */
export function WithPeople({ of, children }: { of: string; children(people: People): ReactNode }) {
  const loaded = useLoaded(`people ${of}`, async (): Promise<People> => {
    const [units, officers] = await Promise.all([api.all<Unit>('/units', MOST), api.all<Officer>('/officers', MOST)]);
    return { units, officers };
  });
  return <Await of={loaded}>{children}</Await>;
}

const unitChoices = (units: readonly Unit[]) => units.map((unit) => ({ value: unit.code, name: unit.name }));
const officerChoices = (officers: readonly Officer[]) =>
  officers.map((one) => ({ value: one.badge, name: `${one.name} ${one.badge}` }));
export const part = (row: Row, field: string): string => encodeURIComponent(String(row[field]));

interface Credentials {
  device: string;
  password: string;
  broker: string;
  qr: readonly string[];
}

/** Data for setting up a handset, shown only once. */
function Handset({ given }: { given: Credentials }) {
  const { t } = useSpeech();
  return (
    <div className="handset">
      <QrCode rows={given.qr} label={t('device.qr', { name: given.device })} />
      <div>
        <p>
          <b>{given.device}</b> · {t('device.once')}
        </p>
        <p className="code">{given.broker}</p>
        <p className="code">{given.password}</p>
        <p className="quiet">{t('device.scan')}</p>
      </div>
    </div>
  );
}

/** The data a handset needs, from the answer with its password. */
const handset = (answer: unknown): ReactNode => (isCredentials(answer) ? <Handset given={answer} /> : undefined);

const isCredentials = (answer: unknown): answer is Credentials =>
  typeof answer === 'object' && answer !== null && 'password' in answer && 'qr' in answer;

const mono = (field: string) => (row: Row) => <span className="code">{String(row[field])}</span>;

function devices(s: Setting, { units, officers }: People): Resource {
  const carriers = new Map(officers.filter((one) => one.device).map((one) => [one.device, one]));
  return {
    path: '/devices',
    id: (row) => String(row.id),
    columns: [
      { name: 'settings.device', show: mono('id') },
      { name: 'settings.label', show: (row) => String(row.label ?? '—') },
      { name: 'officer.unit', show: (row) => unitName(units, row.unit) },
      {
        name: 'device.carrier',
        show: (row) => {
          const officer = carriers.get(String(row.id));
          return officer ? `${officer.name} ${officer.badge}` : '—';
        },
      },
      { name: 'settings.datum', show: (row) => String(row.datum).toUpperCase() },
      { name: 'device.health', show: (row) => health(row, s) },
    ],
    fields: [
      { field: 'name', name: 'settings.device', kind: 'text', required: true },
      { field: 'unit', name: 'officer.unit', kind: 'text', required: true, choices: unitChoices(units) },
      { field: 'label', name: 'settings.label', kind: 'text' },
      {
        field: 'datum',
        name: 'settings.datum',
        kind: 'choice',
        required: true,
        start: 'wgs84',
        choices: DATUMS.map((value) => ({ value, name: value.toUpperCase() })),
      },
    ],
    once: handset,
    actions: [
      {
        name: 'device.bind',
        ask: {
          field: 'badge',
          name: 'device.carrier',
          kind: 'choice',
          start: NOBODY,
          choices: officerChoices(officers),
        },
        act: (row, badge) => api.send('PUT', `/devices/${part(row, 'id')}/officer`, { badge: badge || null }),
      },
      {
        name: 'settings.renew',
        sure: true,
        act: (row) => api.send('POST', `/devices/${part(row, 'id')}/password`),
      },
      {
        name: 'settings.revoke',
        sure: true,
        when: (row) => row.revoked !== true,
        act: (row) => api.send('POST', `/devices/${part(row, 'id')}/revoke`),
      },
      {
        name: 'settings.restore',
        when: (row) => row.revoked === true,
        act: (row) => api.send('POST', `/devices/${part(row, 'id')}/restore`),
      },
    ],
  };
}

export function DevicesPage({ setting }: { setting: Setting }) {
  return <WithPeople of="devices">{(people) => <Table of={devices(setting, people)} />}</WithPeople>;
}

/** Connection, battery, and how old the last fix is. */
function health(row: Row, s: Setting): ReactNode {
  if (row.revoked === true) return <span className="health shut-out">{s.t('device.revoked')}</span>;
  const last = row.last as { t: string } | null;
  const parts = [
    row.online === null ? s.t('unknown') : s.t(row.online ? 'officer.onlineYes' : 'officer.onlineNo'),
    ...(typeof row.battery === 'number' ? [s.t('unit.percent', { n: Math.round(row.battery) })] : []),
    last ? moment(Date.parse(last.t), s.zone, LOCALE[s.language]) : s.t('officer.noFix'),
  ];
  return <span className={row.online ? 'health' : 'health away'}>{parts.join(' · ')}</span>;
}

const unitName = (units: readonly Unit[], code: unknown): string =>
  units.find((one) => one.code === code)?.name ?? String(code);

function inService(s: Setting, units: readonly Unit[]): Resource {
  const { t } = s;
  const time = (value: unknown): string =>
    typeof value === 'string' ? moment(Date.parse(value), s.zone, LOCALE[s.language]) : '—';
  const may = s.role === 'administrator' || s.role === 'commander';
  return {
    path: '/officers',
    id: (row) => String(row.badge),
    columns: [
      { name: 'people.badge', show: mono('badge') },
      { name: 'people.name', show: (row) => String(row.name) },
      { name: 'officer.unit', show: (row) => unitName(units, row.unit) },
      {
        name: 'people.carries',
        show: (row) => (row.device ? `${String(row.device)} · ${t('people.since', { time: time(row.since) })}` : '—'),
      },
      {
        name: 'people.shift',
        show: (row) => (row.shift_starts ? `${time(row.shift_starts)} – ${time(row.shift_ends)}` : '—'),
      },
    ],
    ...(may && {
      fields: [
        { field: 'badge', name: 'people.badge', kind: 'text', required: true },
        { field: 'name', name: 'people.name', kind: 'text', required: true },
        { field: 'unit', name: 'officer.unit', kind: 'text', required: true, choices: unitChoices(units) },
      ] as const,
      actions: [
        {
          name: 'people.retire',
          sure: true,
          act: (row: Row) => api.send('DELETE', `/officers/${part(row, 'badge')}`),
        },
      ] as const,
    }),
  };
}

export function OfficersPage({ setting: s }: { setting: Setting }) {
  return (
    <WithPeople of="officers">
      {({ units }) => (
        <>
          <p className="quiet">{s.t('people.help')}</p>
          <Table of={inService(s, units)} />
        </>
      )}
    </WithPeople>
  );
}
