// The audit record: views and changes, searched by user, action, object and time.

import { useState } from 'react';
import { fromField } from '../words/citytime.ts';
import { clock, moment } from '../words/format.ts';
import { type Key, LOCALE, useSpeech } from '../i18n/index.ts';
import type { Setting } from './resources.tsx';
import { type Resource, type Row, Table } from './table.tsx';

const ACTIONS = [
  'look',
  'live.watch',
  'live.unwatch',
  'export',
  'change',
  'look.refused',
  'change.refused',
  'session.refused',
  'account.refused',
  'session.begin',
  'session.end',
  'account.create',
  'account.change',
  'account.password',
  'account.second_factor',
  'account.sign_out',
  'token.create',
  'token.revoke',
  'hold.place',
  'hold.release',
  'retention.set',
  'media.store',
];
/** Most rows fetched; a narrower filter finds older ones. */
const MOST = 1_000;

interface Asked {
  actor: string;
  action: string;
  object: string;
  from: string;
  to: string;
}

const ALL: Asked = { actor: '', action: '', object: '', from: '', to: '' };

/** The filter as an address. */
function auditPath(asked: Asked, zone: string): string {
  const query = new URLSearchParams();
  for (const name of ['actor', 'action', 'object'] as const)
    if (asked[name].trim()) query.set(name, asked[name].trim());
  for (const name of ['from', 'to'] as const) {
    const at = fromField(asked[name], zone);
    if (!Number.isNaN(at)) query.set(name, new Date(at).toISOString());
  }
  return query.size > 0 ? `/audit?${query.toString()}` : '/audit';
}

/** Details of an entry that the other columns do not show. */
function detailOf(detail: Readonly<Record<string, unknown>>, t: Setting['t']): string {
  const { role, query, method: _method, status: _status, ...rest } = detail;
  const said = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
  return [
    ...(typeof role === 'string' ? [t(`role.${role}` as Key)] : []),
    ...Object.entries((query ?? {}) as Record<string, unknown>).map(([name, value]) => `${name}=${said(value)}`),
    ...Object.entries(rest).map(([name, value]) => `${name}: ${said(value)}`),
  ].join(' · ');
}

function recorded(s: Setting, path: string): Resource {
  const time = (row: Row): string => {
    const at = Date.parse(String(row.at));
    return `${moment(at, s.zone, LOCALE[s.language]).split(/[ ,]+/)[0]} ${clock(at, s.zone, LOCALE[s.language])}`;
  };
  const action = (row: Row): string => {
    const name = String(row.action);
    return ACTIONS.includes(name) ? s.t(`audit.${name}` as Key) : name;
  };
  return {
    path,
    id: (row) => String(row.n),
    most: MOST,
    columns: [
      { name: 'audit.number', show: (row) => String(row.n) },
      { name: 'replay.time', show: (row) => <span className="nowrap">{time(row)}</span> },
      { name: 'settings.who', show: (row) => String(row.actor) },
      { name: 'settings.what', show: (row) => <span className="nowrap">{action(row)}</span> },
      { name: 'settings.about', show: (row) => String(row.object).replace('/api/v1/', '') },
      {
        name: 'settings.detail',
        show: (row) => <small>{detailOf(row.detail as Readonly<Record<string, unknown>>, s.t)}</small>,
      },
    ],
  };
}

export function AuditPage({ setting: s }: { setting: Setting }) {
  const { t } = useSpeech();
  const [draft, setDraft] = useState(ALL);
  const [asked, setAsked] = useState(ALL);
  const path = auditPath(asked, s.zone);
  const put = (part: Partial<Asked>): void => setDraft({ ...draft, ...part });
  return (
    <>
      <p className="quiet">{t('audit.help')}</p>
      <form
        className="form-box fields"
        onSubmit={(event) => {
          event.preventDefault();
          setAsked(draft);
        }}
      >
        <label>
          {t('settings.who')}
          <input value={draft.actor} onChange={(event) => put({ actor: event.target.value })} />
        </label>
        <label>
          {t('settings.what')}
          <select value={draft.action} onChange={(event) => put({ action: event.target.value })}>
            <option value="">{t('replay.all')}</option>
            {ACTIONS.map((one) => (
              <option key={one} value={one}>
                {t(`audit.${one}` as Key)}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t('settings.about')}
          <input
            value={draft.object}
            placeholder={t('audit.part')}
            onChange={(event) => put({ object: event.target.value })}
          />
        </label>
        <label>
          {t('replay.from')}
          <input type="datetime-local" value={draft.from} onChange={(event) => put({ from: event.target.value })} />
        </label>
        <label>
          {t('replay.to')}
          <input type="datetime-local" value={draft.to} onChange={(event) => put({ to: event.target.value })} />
        </label>
        <button type="submit" className="step primary">
          {t('area.ask')}
        </button>
      </form>
      <Table key={path} of={recorded(s, path)} />
    </>
  );
}
