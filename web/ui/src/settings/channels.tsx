// Notification channels with a test message, and the log of notifications.

import { type ReactNode, useState } from 'react';
import * as api from '../data/api.ts';
import { moment } from '../words/format.ts';
import { LOCALE, useSpeech } from '../i18n/index.ts';
import type { Key } from '../i18n/zh.ts';
import { LEVELS } from '../live/model.ts';
import type { AlertLevel } from '../data/types.ts';
import type { Setting } from './resources.tsx';
import { type Resource, type Row, Table } from './table.tsx';

const STATES = ['waiting', 'sending', 'sent', 'failed', 'unsure', 'needless', 'dropped'];
const LOG_ROWS = 200;

/** Settings of a channel that the server lets change. */
const settingsOf = ({ name, area, level, quiet, digest_min, per_hour }: Row) => ({
  name,
  area,
  level,
  quiet,
  digest_min,
  per_hour,
});
const path = (row: Row): string => `/channels/${encodeURIComponent(String(row.id))}`;

function channels(s: Setting, onTest: () => void): Resource {
  const { t } = s;
  return {
    path: '/channels',
    id: (row) => String(row.id),
    columns: [
      { name: 'settings.name', show: (row) => String(row.name) },
      { name: 'channel.kind', show: (row) => t(`channel.${row.kind as 'webhook' | 'apprise' | 'webpush'}`) },
      { name: 'channel.whose', show: (row) => String(row.account ?? t('channel.system')) },
      {
        name: 'alert.area',
        show: (row) =>
          row.area ? (s.city.areaNames.get(String(row.area)) ?? String(row.area)) : t('settings.wholeCity'),
      },
      { name: 'channel.level', show: (row) => t(`level.${row.level as AlertLevel}`) },
      { name: 'settings.state', show: (row) => state(row, s) },
    ],
    ...(s.role === 'administrator' && {
      fields: [
        { field: 'name', name: 'settings.name', kind: 'text', required: true },
        {
          field: 'kind',
          name: 'channel.kind',
          kind: 'choice',
          required: true,
          start: 'webhook',
          choices: (['webhook', 'apprise'] as const).map((value) => ({ value, name: t(`channel.${value}`) })),
        },
        { field: 'url', name: 'channel.url', kind: 'text', required: true },
        {
          field: 'level',
          name: 'channel.level',
          kind: 'choice',
          required: true,
          start: 'orange',
          choices: LEVELS.map((value) => ({ value, name: t(`level.${value}`) })),
        },
        {
          field: 'area',
          name: 'alert.area',
          kind: 'choice',
          choices: s.city.areas
            .filter((one) => one.level !== 'grid')
            .map((one) => ({ value: one.code, name: one.name })),
        },
        { field: 'system', name: 'channel.isSystem', kind: 'check' },
      ] as const,
    }),
    body: (values) => ({
      name: values.name.trim(),
      kind: values.kind,
      url: values.url.trim(),
      level: values.level,
      area: values.area || null,
      system: values.system === 'yes',
    }),
    once: (answer) => {
      if (answer && typeof answer === 'object' && 'delivery' in answer) return t('channel.tested');
      const { secret } = (answer ?? {}) as { secret?: string | null };
      return secret ? t('channel.secret', { secret }) : undefined;
    },
    actions: [
      {
        name: 'channel.test',
        act: async (row) => {
          const answer = await api.send('POST', `${path(row)}/test`);
          onTest();
          return answer;
        },
      },
      {
        name: 'settings.disable',
        when: (row) => row.enabled === true,
        act: (row) => api.send('PUT', path(row), { ...settingsOf(row), enabled: false }),
      },
      {
        name: 'settings.enable',
        when: (row) => row.enabled === false,
        act: (row) => api.send('PUT', path(row), { ...settingsOf(row), enabled: true }),
      },
      { name: 'settings.remove', sure: true, act: (row) => api.send('DELETE', path(row)) },
    ],
  };
}

export function ChannelsPage({ setting }: { setting: Setting }) {
  const { t } = useSpeech();
  const [sent, setSent] = useState(0);
  return (
    <>
      <p className="quiet">{t('channel.help')}</p>
      <Table of={channels(setting, () => setSent((old) => old + 1))} />
      <h4>{t('channel.log')}</h4>
      <Log key={sent} setting={setting} />
    </>
  );
}

function state(row: Row, { t }: Setting): ReactNode {
  if (row.fault) return <span className="failed">{t('channel.fault', { why: String(row.fault) })}</span>;
  return t(row.enabled ? 'settings.active' : 'settings.disabled');
}

/** Recent deliveries, newest first. */
function Log({ setting: s }: { setting: Setting }) {
  const { t } = useSpeech();
  return (
    <Table
      of={{
        path: '/deliveries',
        id: (row) => String(row.id),
        most: LOG_ROWS,
        refresh: true,
        columns: [
          { name: 'replay.time', show: (row) => moment(Date.parse(String(row.made_at)), s.zone, LOCALE[s.language]) },
          { name: 'channel.name', show: (row) => String(row.channel_name) },
          {
            name: 'channel.about',
            show: (row) => (row.alert === null ? t('channel.testMessage') : `${t('alert.kind')} ${String(row.alert)}`),
          },
          {
            name: 'settings.state',
            show: (row) => (STATES.includes(String(row.state)) ? t(`delivery.${row.state}` as Key) : String(row.state)),
          },
          { name: 'settings.detail', show: (row) => String(row.detail ?? '') },
        ],
      }}
    />
  );
}
