// The drawer of one officer: how fresh, how fast, where, and the recent track.

import { useEffect, useMemo, useState } from 'react';
import * as api from '../data/api.ts';
import { cellsBetween } from '../words/between.ts';
import { cellName, useCity } from '../data/city.ts';
import { clock, compass, distance, kmh, span } from '../words/format.ts';
import { type Loaded, useLoaded, useModel, useServerNow, useSignal } from '../parts/hooks.ts';
import { type Key, LOCALE, useSpeech } from '../i18n/index.ts';
import { Icon, OfficerGlyph } from '../parts/icons.tsx';
import type { Officer } from '../live/drawn.ts';
import { COURSE_UNKNOWN, courseDegrees, FRESHNESS, SPEED_UNKNOWN, speedMetres } from '../live/protocol.ts';
import { length, type Step, steps } from '../map/trackline.ts';
import type { Device } from '../data/types.ts';
import { Await, Card, Fact } from '../parts/parts.tsx';
import { SpeedChart } from './speedchart.tsx';
import { stops } from '../words/stops.ts';
import { EventList } from './events.tsx';
import { Stays } from './stays.tsx';

const WINDOWS = [15, 60, 240, 1440] as const;
const REFRESH_MS = 10_000;
const SHOWN_STOPS = 8;

interface Props {
  id: string;
  following: boolean;
  onFollow(follow: boolean): void;
  onLocate(): void;
  onTrack(steps: readonly Step[]): void;
  onCell(code: string): void;
  onClose(): void;
}

export function OfficerDrawer(props: Props) {
  const { t } = useSpeech();
  const model = useModel();
  const now = useServerNow();
  const tick = Math.floor(now / REFRESH_MS);
  useSignal(model.namesVersion);
  const device = useLoaded(`${props.id}|${tick}`, () => api.device(props.id));
  const slot = model.slots.get(props.id);
  const live = slot === undefined ? undefined : model.fleet.officer(slot, performance.now());
  const known = slot === undefined ? undefined : model.names.get(slot);
  const value = device.state === 'ready' ? device.value : null;
  useEffect(() => {
    if (value) model.setName(value);
  }, [model, value]);
  const title = value?.label ?? known?.label ?? props.id;
  return (
    <Card kind={t('officer.kind')} title={title} badge={<FreshnessBadge live={live} />} onClose={props.onClose}>
      <div className="card-actions">
        <button type="button" className="action" onClick={props.onLocate}>
          <Icon name="pin" size={16} /> {t('officer.locate')}
        </button>
        <button
          type="button"
          className="action"
          aria-pressed={props.following}
          onClick={() => props.onFollow(!props.following)}
        >
          <Icon name="follow" size={16} /> {t('officer.follow')}
        </button>
      </div>
      <Facts id={props.id} device={device} live={live} now={now} onCell={props.onCell} />
      <TrackPart id={props.id} tick={tick} onTrack={props.onTrack} />
      <h3 className="list-head">{t('officer.visits')}</h3>
      <Stays of={{ device: props.id }} onCell={props.onCell} />
      <EventList of={{ device: props.id }} />
    </Card>
  );
}

function FreshnessBadge({ live }: { live: Officer | undefined }) {
  const { t } = useSpeech();
  const freshness = live?.freshness ?? 3;
  return (
    <span className={`fresh-badge fresh-${FRESHNESS[freshness]}`}>
      <OfficerGlyph freshness={freshness} />
      {t(`officers.${FRESHNESS[freshness]}`)}
    </span>
  );
}

interface FactsProps {
  id: string;
  device: Loaded<Device>;
  live: Officer | undefined;
  now: number;
  onCell(code: string): void;
}

/** Speed in m/s and course in degrees: the live ones where there are any, else those of the stored fix. */
function motion(live: Officer | undefined, device: Device | null): { speed: number | null; course: number | null } {
  if (!live) return { speed: device?.last?.spd ?? null, course: device?.last?.hdg ?? null };
  return {
    speed: live.status & SPEED_UNKNOWN ? null : speedMetres(live.speed),
    course: live.status & COURSE_UNKNOWN ? null : courseDegrees(live.course),
  };
}

function Facts({ id, device, live, now, onCell }: FactsProps) {
  const { t, language } = useSpeech();
  const zone = useSignal(useModel().timeZone);
  const city = useCity();
  const carried = useLoaded(`carrier ${id}`, (signal) => api.carrier(id, signal));
  const carrier = carried.state === 'ready' ? carried.value : null;
  if (device.state === 'failed' && !live) {
    return <p className="quiet failed">{t('officer.notShown', { id })}</p>;
  }
  const value = device.state === 'ready' ? device.value : null;
  const last = value?.last ?? null;
  const fixAt = Math.max(live?.fixAt ?? 0, last ? Date.parse(last.t) : 0);
  const { speed, course } = motion(live, value);
  return (
    <dl className="facts">
      {carrier && (
        <Fact name={t('device.carrier')}>
          <b>{carrier.name}</b> <small>{carrier.badge}</small>
        </Fact>
      )}
      <Fact name={t('officer.lastFix')}>
        {fixAt > 0 ? (
          <>
            {t('age.ago', { age: span(now - fixAt, t) })} <small>{clock(fixAt, zone, LOCALE[language])}</small>
          </>
        ) : (
          t('officer.noFix')
        )}
      </Fact>
      <Fact name={t('officer.speed')}>
        {speed === null ? t('unknown') : kmh(speed, t)}
        {course !== null && speed !== null && speed > 0.3 && <small> {compass(course, t)}</small>}
      </Fact>
      <Fact name={t('officer.cell')}>
        {last?.cell ? (
          <button type="button" className="link-button" onClick={() => onCell(last.cell as string)}>
            {cellName(city, last.cell)}
          </button>
        ) : last?.between ? (
          cellsBetween(city, { cell: last.between[0], other: last.between[1] }, t)
        ) : (
          t(last ? 'officer.outside' : 'unknown')
        )}
      </Fact>
      <Fact name={t('officer.duty')}>{last ? t(`duty.${last.duty}` as Key) : t('unknown')}</Fact>
      <Fact name={t('officer.unit')}>{value ? (city.areaNames.get(value.unit) ?? value.unit) : t('unknown')}</Fact>
      <Fact name={t('officer.battery')}>
        <Battery percent={value?.battery ?? null} />
      </Fact>
      <Fact name={t('officer.accuracy')}>
        <Accuracy said={last?.acc ?? null} estimated={last?.acc_estimated ?? null} />
      </Fact>
      <Fact name={t('officer.online')}>
        {value?.online === null || value === null
          ? t('unknown')
          : t(value.online ? 'officer.onlineYes' : 'officer.onlineNo')}
      </Fact>
    </dl>
  );
}

function Accuracy({ said, estimated }: { said: number | null; estimated: number | null }) {
  const { t } = useSpeech();
  if (said !== null) return `± ${distance(said, t)}`;
  return estimated === null ? t('unknown') : t('officer.estimated', { radius: distance(estimated, t) });
}

function Battery({ percent }: { percent: number | null }) {
  const { t } = useSpeech();
  if (percent === null) return t('unknown');
  return (
    <span className={percent < 20 ? 'battery low' : 'battery'}>
      <svg width="26" height="12" viewBox="0 0 26 12" aria-hidden="true">
        <rect x=".75" y=".75" width="21.5" height="10.5" rx="3" fill="none" stroke="currentColor" strokeWidth="1.2" />
        <rect x="2.6" y="2.6" width={(17.8 * percent) / 100} height="6.8" rx="1.5" fill="currentColor" />
        <path d="M24 4v4" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" />
      </svg>
      {t('unit.percent', { n: Math.round(percent) })}
    </span>
  );
}

interface TrackProps {
  id: string;
  tick: number;
  onTrack(steps: readonly Step[]): void;
}

function TrackPart({ id, tick, onTrack }: TrackProps) {
  const { t } = useSpeech();
  const model = useModel();
  const [minutes, setMinutes] = useState<number>(60);
  const loaded = useLoaded(`${id} ${minutes}|${tick}`, (signal) => {
    const to = model.serverNow();
    return api.track(id, new Date(to - minutes * 60_000), new Date(to), signal);
  });
  const value = loaded.state === 'ready' ? loaded.value : null;
  const walked = useMemo(() => (value ? steps(value) : []), [value]);
  useEffect(() => onTrack(walked), [walked, onTrack]);
  useEffect(() => () => onTrack([]), [onTrack]);
  return (
    <>
      <div className="track-head">
        <h3 className="list-head">{t('officer.track')}</h3>
        <div className="segmented" role="group" aria-label={t('officer.trackWindow')}>
          {WINDOWS.map((window) => (
            <button key={window} type="button" aria-pressed={window === minutes} onClick={() => setMinutes(window)}>
              {t(`window.${window}`)}
            </button>
          ))}
        </div>
      </div>
      <Await of={loaded}>
        {() =>
          walked.length < 2 ? (
            <p className="quiet">{t('officer.trackNone')}</p>
          ) : (
            <>
              <SpeedChart steps={walked} />
              <p className="quiet">
                {t('officer.trackLength', { km: distance(length(walked), t) })} ·{' '}
                {t('officer.trackFixes', { n: walked.length })}
              </p>
              <StopList track={walked} />
            </>
          )
        }
      </Await>
    </>
  );
}

/** Where the officer stood for five minutes or longer. */
function StopList({ track }: { track: readonly Step[] }) {
  const { t, language } = useSpeech();
  const zone = useSignal(useModel().timeZone);
  const found = stops(track);
  if (found.length === 0) return null;
  const at = (ms: number): string => clock(ms, zone, LOCALE[language], false);
  return (
    <>
      <h3 className="list-head">{t('officer.stops')}</h3>
      <ul className="stops">
        {found.slice(-SHOWN_STOPS).map((stop) => (
          <li key={stop.from}>
            {at(stop.from)} – {at(stop.to)} <small>{span(stop.to - stop.from, t)}</small>
          </li>
        ))}
      </ul>
    </>
  );
}
