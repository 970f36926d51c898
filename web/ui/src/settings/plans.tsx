// Patrol plans: what holds for which part of the city, and what another limit would mean before it is given.

import { type SubmitEvent, useState } from 'react';
import * as api from '../api.ts';
import { type City, useCity } from '../city.ts';
import { moment, span } from '../format.ts';
import { useModel, useSignal } from '../hooks.ts';
import { type Key, LOCALE, type Translate, useSpeech } from '../i18n/index.ts';
import type { LiveModel } from '../live/model.ts';
import type { CellProperties } from '../types.ts';
import { type Column, Table } from './table.tsx';

const HOUR_S = 3_600;
const CLASSES = ['business', 'public', 'institution', 'residential'] as const;

interface PlanBody {
  limit_s?: number | null;
  dwell_s?: number;
  path_m?: number;
}

/** True when a plan of this scope speaks of a cell. */
export function inScope(scope: string, cell: CellProperties): boolean {
  const [kind, code] = scope.split(':');
  if (kind === 'city') return true;
  if (kind === 'class') return cell.class === code;
  if (kind === 'unit') return cell.street === code;
  return kind === 'grid' ? cell.grid === code : cell.code === code;
}

/** How many cells of a scope there are, are overdue, and would be if their limit were `limitS`, by the clock on the wall. */
export function trial(scope: string, limitS: number, city: City, model: LiveModel) {
  const now = model.serverNow();
  let [cells, overdue, would] = [0, 0, 0];
  for (const { id, properties } of city.cells.features) {
    if (!inScope(scope, properties)) continue;
    const { state, lastVisit, present } = model.cell(Number(id));
    cells += 1;
    if (state === 'overdue') overdue += 1;
    // A cell never visited has waited since before the data began: another limit changes that no sooner than it passes.
    if (lastVisit === null ? state === 'overdue' : !present && now - lastVisit > limitS * 1000) would += 1;
  }
  return { cells, overdue, would };
}

function scopeName(scope: string, city: City, t: Translate): string {
  const [kind, code] = scope.split(':');
  if (kind === 'city') return t('plan.city');
  if (kind === 'class') return CLASSES.some((one) => one === code) ? t(`class.${code}` as Key) : code;
  return city.areaNames.get(code) ?? code;
}

export function PlansPage() {
  const { t, language } = useSpeech();
  const zone = useSignal(useModel().timeZone);
  const city = useCity();
  const [version, setVersion] = useState(0);
  const body = (row: Readonly<Record<string, unknown>>): PlanBody => (row.plan ?? {}) as PlanBody;
  const columns: Column[] = [
    { name: 'plan.scope', show: (row) => scopeName(String(row.scope), city, t) },
    { name: 'cell.limit', show: (row) => seconds(body(row).limit_s, t) },
    { name: 'plan.dwell', show: (row) => seconds(body(row).dwell_s, t) },
    {
      name: 'plan.path',
      show: (row) => (body(row).path_m === undefined ? '—' : t('unit.m', { n: body(row).path_m ?? 0 })),
    },
    { name: 'settings.since', show: (row) => moment(Date.parse(String(row.valid_from)), zone, LOCALE[language]) },
    { name: 'settings.madeBy', show: (row) => String(row.made_by) },
  ];
  return (
    <>
      <p className="quiet">{t('plan.help')}</p>
      <PlanForm city={city} onMade={() => setVersion(version + 1)} />
      <Table key={version} of={{ path: '/plans', id: (row) => String(row.id), columns }} />
    </>
  );
}

const seconds = (value: number | null | undefined, t: Translate): string =>
  value === null || value === undefined ? '—' : span(value * 1000, t);

function PlanForm({ city, onMade }: { city: City; onMade(): void }) {
  const { t } = useSpeech();
  const model = useModel();
  useSignal(model.cellTally);
  const [scope, setScope] = useState('class:business');
  const [hours, setHours] = useState('2');
  const [dwell, setDwell] = useState('');
  const [told, setTold] = useState<{ text: string; failed: boolean } | null>(null);
  const limitS = Number(hours) * HOUR_S;
  const would = limitS > 0 ? trial(scope, limitS, city, model) : null;
  const give = (event: SubmitEvent): void => {
    event.preventDefault();
    const plan = { limit_s: Math.round(limitS), ...(dwell ? { dwell_s: Math.round(Number(dwell) * 60) } : {}) };
    api
      .send('POST', '/plans', { scope, plan })
      .then(() => {
        setTold({ text: t('settings.done'), failed: false });
        onMade();
      })
      .catch((error: Error) => setTold({ text: error.message, failed: true }));
  };
  const areas = city.areas.filter((area) => area.level !== 'district');
  return (
    <form className="add-form" onSubmit={give}>
      <label>
        {t('plan.scope')}
        <select value={scope} onChange={(event) => setScope(event.target.value)}>
          <option value="city">{t('plan.city')}</option>
          {CLASSES.map((one) => (
            <option key={one} value={`class:${one}`}>
              {t(`class.${one}`)}
            </option>
          ))}
          {areas.map((area) => (
            <option key={area.code} value={`${area.level === 'grid' ? 'grid' : 'unit'}:${area.code}`}>
              {area.name}
            </option>
          ))}
        </select>
      </label>
      <label>
        {t('plan.limitHours')}
        <input
          type="number"
          required
          min="0.1"
          max="720"
          step="any"
          value={hours}
          onChange={(event) => setHours(event.target.value)}
        />
      </label>
      <label>
        {t('plan.dwellMinutes')}
        <input
          type="number"
          min="0.1"
          max="1440"
          step="any"
          value={dwell}
          onChange={(event) => setDwell(event.target.value)}
        />
      </label>
      <button type="submit" className="step primary">
        {t('plan.give')}
      </button>
      {would && <output className="trial">{t('plan.trial', would)}</output>}
      {told && (
        <span role="status" className={told.failed ? 'failed' : 'quiet'}>
          {told.text}
        </span>
      )}
    </form>
  );
}
