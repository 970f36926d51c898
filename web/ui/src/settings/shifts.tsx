// The shifts of officers.

import { type SubmitEvent, useState } from 'react';
import * as api from '../data/api.ts';
import { fromField, toField } from '../words/citytime.ts';
import { moment } from '../words/format.ts';
import { LOCALE, useSpeech } from '../i18n/index.ts';
import { type Officer, part, WithPeople } from './people.tsx';
import type { Setting } from './resources.tsx';
import { Table } from './table.tsx';
import { type Notice, NoticeLine } from './notice.tsx';

const DAY_MS = 86_400_000;

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

/** Plans the same hours on several days, for several officers at once. */
function ShiftForm({ officers, setting: s, onMade }: ShiftFormProps) {
  const { t } = useSpeech();
  const [badges, setBadges] = useState<readonly string[]>([]);
  const [area, setArea] = useState('');
  const [starts, setStarts] = useState(() => `${toField(Date.now() + DAY_MS, s.zone).slice(0, 10)}T08:00`);
  const [ends, setEnds] = useState(() => `${toField(Date.now() + DAY_MS, s.zone).slice(0, 10)}T16:00`);
  const [days, setDays] = useState('1');
  const [kind, setKind] = useState<'patrol' | 'post'>('patrol');
  const [notice, setNotice] = useState<Notice>(null);
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
      setNotice({ text: t('shift.added', { n: added }), failed: false });
      onMade();
    } catch (error) {
      setNotice({ text: (error as Error).message, failed: true });
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
      <NoticeLine notice={notice} />
    </>
  );
}
