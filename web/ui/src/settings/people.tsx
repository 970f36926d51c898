// Devices and officers with their binding, and the shifts of officers.

import { type ReactNode, type SubmitEvent, useState } from 'react';
import * as api from '../data/api.ts';
import { fromField, toField } from '../words/citytime.ts';
import { moment } from '../words/format.ts';
import { useLoaded } from '../parts/hooks.ts';
import { LOCALE, useSpeech } from '../i18n/index.ts';
import { Await } from '../parts/parts.tsx';
import { QrCode } from './qr.tsx';
import type { Setting } from './resources.tsx';
import { type Resource, type Row, Table } from './table.tsx';
import { type Told, Telling } from './telling.tsx';

const MOST = 50_000;
const DAY_MS = 86_400_000;
const DATUMS = ['wgs84', 'gcj02', 'bd09', 'cgcs2000'] as const;
const NOBODY = '';

interface Unit {
  code: string;
  name: string;
}

interface Officer {
  badge: string;
  name: string;
  unit: string;
  device: string | null;
}

interface People {
  units: readonly Unit[];
  officers: readonly Officer[];
}

/** Everything that offers units and officers to choose from. */
function WithPeople({ of, children }: { of: string; children(people: People): ReactNode }) {
  const loaded = useLoaded(`people ${of}`, async (): Promise<People> => {
    const [units, officers] = await Promise.all([api.all<Unit>('/units', MOST), api.all<Officer>('/officers', MOST)]);
    return { units, officers };
  });
  return <Await of={loaded}>{children}</Await>;
}

const unitChoices = (units: readonly Unit[]) => units.map((unit) => ({ value: unit.code, name: unit.name }));
const officerChoices = (officers: readonly Officer[]) =>
  officers.map((one) => ({ value: one.badge, name: `${one.name} ${one.badge}` }));
const part = (row: Row, field: string): string => encodeURIComponent(String(row[field]));

interface Credentials {
  device: string;
  password: string;
  broker: string;
  qr: readonly string[];
}

/** What a handset is set up with, shown this once. */
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

/** The answer of a device's password, as what a handset needs. */
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

export function ShiftsPage({ setting: s }: { setting: Setting }) {
  const { t } = useSpeech();
  const [version, setVersion] = useState(0);
  const time = (value: unknown): string => moment(Date.parse(String(value)), s.zone, LOCALE[s.language]);
  return (
    <WithPeople of="shifts">
      {({ officers }) => (
        <>
          <p className="quiet">{t('shift.help')}</p>
          <ShiftForm officers={officers} setting={s} onMade={() => setVersion(version + 1)} />
          <Table
            key={version}
            of={{
              path: '/shifts',
              id: (row) => String(row.id),
              columns: [
                { name: 'people.name', show: (row) => `${String(row.name)} ${String(row.badge)}` },
                {
                  name: 'alert.area',
                  show: (row) =>
                    row.area ? (s.city.areaNames.get(String(row.area)) ?? String(row.area)) : t('shift.unitArea'),
                },
                { name: 'settings.starts', show: (row) => time(row.starts) },
                { name: 'settings.ends', show: (row) => time(row.ends) },
                { name: 'shift.kind', show: (row) => t(row.kind === 'post' ? 'shift.post' : 'shift.patrol') },
              ],
              actions: [
                { name: 'settings.remove', sure: true, act: (row) => api.send('DELETE', `/shifts/${part(row, 'id')}`) },
              ],
            }}
          />
        </>
      )}
    </WithPeople>
  );
}

interface ShiftFormProps {
  officers: readonly Officer[];
  setting: Setting;
  onMade(): void;
}

/** One stretch of hours on several days, for several officers at once. */
function ShiftForm({ officers, setting: s, onMade }: ShiftFormProps) {
  const { t } = useSpeech();
  const [badges, setBadges] = useState<readonly string[]>([]);
  const [area, setArea] = useState('');
  const [starts, setStarts] = useState(() => `${toField(Date.now() + DAY_MS, s.zone).slice(0, 10)}T08:00`);
  const [ends, setEnds] = useState(() => `${toField(Date.now() + DAY_MS, s.zone).slice(0, 10)}T16:00`);
  const [days, setDays] = useState('1');
  const [kind, setKind] = useState<'patrol' | 'post'>('patrol');
  const [told, setTold] = useState<Told>(null);
  const plan = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const [from, to] = [fromField(starts, s.zone), fromField(ends, s.zone)];
    const at = (ms: number): string => new Date(ms).toISOString();
    const shifts = badges.flatMap((badge) =>
      Array.from({ length: Number(days) }, (_, day) => ({
        badge,
        area: area || null,
        kind,
        starts: at(from + day * DAY_MS),
        ends: at(to + day * DAY_MS),
      })),
    );
    try {
      const { added } = await api.send<{ added: number }>('POST', '/shifts', { shifts });
      setTold({ text: t('shift.added', { n: added }), failed: false });
      onMade();
    } catch (error) {
      setTold({ text: (error as Error).message, failed: true });
    }
  };
  return (
    <>
      <form className="form-box fields" onSubmit={(event) => void plan(event)}>
        <label className="several">
          {t('shift.officers')}
          <select
            multiple
            required
            size={5}
            value={[...badges]}
            onChange={(event) => setBadges([...event.target.selectedOptions].map((one) => one.value))}
          >
            {officers.map((one) => (
              <option key={one.badge} value={one.badge}>
                {one.name} {one.badge}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t('alert.area')}
          <select value={area} onChange={(event) => setArea(event.target.value)}>
            <option value="">{t('shift.unitArea')}</option>
            {s.city.areas
              .filter((one) => one.level !== 'district')
              .map((one) => (
                <option key={one.code} value={one.code}>
                  {one.name}
                </option>
              ))}
          </select>
        </label>
        <label>
          {t('settings.starts')}
          <input type="datetime-local" required value={starts} onChange={(event) => setStarts(event.target.value)} />
        </label>
        <label>
          {t('settings.ends')}
          <input type="datetime-local" required value={ends} onChange={(event) => setEnds(event.target.value)} />
        </label>
        <label>
          {t('shift.days')}
          <input
            type="number"
            required
            min={1}
            max={31}
            value={days}
            onChange={(event) => setDays(event.target.value)}
          />
        </label>
        <label>
          {t('shift.kind')}
          <select value={kind} onChange={(event) => setKind(event.target.value as typeof kind)}>
            <option value="patrol">{t('shift.patrol')}</option>
            <option value="post">{t('shift.post')}</option>
          </select>
        </label>
        <button type="submit" className="step primary">
          {t('shift.plan')}
        </button>
      </form>
      <Telling told={told} />
    </>
  );
}
