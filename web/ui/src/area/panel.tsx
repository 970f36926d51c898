// Who was in a drawn area between two moments.

import type { Position } from 'geojson';
import { useCallback, useEffect, useRef, useState } from 'react';
import * as api from '../data/api.ts';
import { usePeriod } from '../words/citytime.ts';
import { moment, span } from '../words/format.ts';
import type { Presence } from '../generated/clips.ts';
import { useLoaded, useModel, useSignal } from '../parts/hooks.ts';
import { LOCALE, useSpeech } from '../i18n/index.ts';
import { Icon } from '../parts/icons.tsx';
import type { Draw } from '../map/draw.ts';
import type { MapView } from '../map/view.ts';
import { Await, Card } from '../parts/parts.tsx';
import { type Screen, toLive } from '../screens/screen.ts';
import type { Page, Span } from '../screens/url.ts';

const HOUR_MS = 3_600_000;

interface Props {
  page: Extract<Page, { kind: 'area' }>;
  map: MapView | null;
  screen: Screen;
  onOfficer(id: string): void;
}

export function AreaPanel({ page, map, screen, onOfficer }: Props) {
  const { t } = useSpeech();
  const model = useModel();
  const zone = useSignal(model.timeZone);
  const [now] = useState(() => model.serverNow());
  const period = usePeriod(page.span ?? { from: now - HOUR_MS, to: now }, zone);
  const { ring, drawing, begin } = useDrawing(map, page.ring, (drawn) =>
    screen.go({ kind: 'area', ring: drawn, span: null }),
  );
  const asked = page.ring.length > 2 ? page.span : null;
  return (
    <Card kind={t('nav.area')} title={t('area.title')} onClose={toLive(screen)}>
      <p className="quiet">{t('area.help')}</p>
      <div className="card-actions">
        <button type="button" className="action" aria-pressed={drawing} onClick={begin}>
          <Icon name="draw" size={16} /> {t(page.ring.length > 2 ? 'area.redraw' : 'area.draw')}
        </button>
        <button
          type="button"
          className="action"
          onClick={() => map && screen.go({ kind: 'area', ring: square(map), span: null })}
        >
          {t('area.middle')}
        </button>
      </div>
      <p className="quiet">{t('area.corners', { n: ring.length })}</p>
      <div className="period">
        <label>
          {t('area.from')}
          <input type="datetime-local" value={period.from} onChange={(event) => period.setFrom(event.target.value)} />
        </label>
        <label>
          {t('area.to')}
          <input type="datetime-local" value={period.to} onChange={(event) => period.setTo(event.target.value)} />
        </label>
      </div>
      <button
        type="button"
        className="step primary wide"
        disabled={page.ring.length < 3 || !period.span}
        onClick={() => screen.go({ ...page, span: period.span })}
      >
        {t('area.ask')}
      </button>
      {asked && <Answer ring={page.ring} asked={asked} screen={screen} onOfficer={onOfficer} />}
    </Card>
  );
}

/** The area as drawn so far, or as the address has it. */
function useDrawing(map: MapView | null, stored: readonly Position[], onDrawn: (ring: readonly Position[]) => void) {
  const [ring, setRing] = useState<readonly Position[]>(stored);
  const [drawing, setDrawing] = useState(false);
  const draw = useRef<Draw | null>(null);
  useEffect(() => {
    setRing(stored);
    map?.setArea(stored);
  }, [map, stored]);
  useEffect(
    () => () => {
      draw.current?.cancel();
      map?.setArea([]);
    },
    [map],
  );
  const begin = useCallback(() => {
    if (!map) return;
    setDrawing(true);
    setRing([]);
    map.setArea([]);
    draw.current = map.beginDrawing({
      onChange: setRing,
      onDone: (done) => {
        setDrawing(false);
        draw.current = null;
        if (done) onDrawn(done);
        else {
          setRing(stored);
          map.setArea(stored);
        }
      },
    });
  }, [map, onDrawn, stored]);
  return { ring, drawing, begin };
}

/** A square of a third of the view in its middle: an area without a pointer. */
function square(map: MapView): Position[] {
  const [west, south, east, north] = map.camera.view().bbox;
  const { lng, lat } = map.camera.place();
  const half = Math.min(east - west, north - south) / 6;
  return [
    [lng - half, lat - half],
    [lng + half, lat - half],
    [lng + half, lat + half],
    [lng - half, lat + half],
  ];
}

interface AnswerProps {
  ring: readonly Position[];
  asked: Span;
  screen: Screen;
  onOfficer(id: string): void;
}

function Answer({ ring, asked, screen, onOfficer }: AnswerProps) {
  const { t } = useSpeech();
  const key = `presence ${JSON.stringify(ring)} ${asked.from} ${asked.to}`;
  const loaded = useLoaded(key, (signal) => api.presence(ring, asked, signal));
  return (
    <div aria-live="polite">
      <Await of={loaded}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="quiet">{t('area.none')}</p>
          ) : (
            <>
              <div className="track-head">
                <h3 className="list-head">{t('area.found', { n: items.length })}</h3>
                <button
                  type="button"
                  className="link-button"
                  onClick={() =>
                    screen.go({
                      kind: 'replay',
                      span: asked,
                      at: asked.from,
                      then: false,
                      only: items.slice(0, 50).map((item) => item.device),
                    })
                  }
                >
                  {t('area.replay')}
                </button>
              </div>
              <ul className="presences">
                {items.map((item) => (
                  <PresenceRow key={item.device} item={item} onOfficer={onOfficer} />
                ))}
              </ul>
            </>
          )
        }
      </Await>
    </div>
  );
}

function PresenceRow({ item, onOfficer }: { item: Presence; onOfficer(id: string): void }) {
  const { t, language } = useSpeech();
  const zone = useSignal(useModel().timeZone);
  const at = (text: string): string => moment(Date.parse(text), zone, LOCALE[language]);
  return (
    <li>
      <button type="button" className="link-button" onClick={() => onOfficer(item.device)}>
        {item.officer ? `${item.officer} ${item.badge}` : (item.label ?? item.device)}
      </button>
      <span className="quiet">
        {item.officer ? item.device : t('area.noOfficer')} · {t('area.stayed', { time: span(item.seconds * 1000, t) })}{' '}
        · {item.fixes > 0 ? t('area.fixes', { n: item.fixes }) : t('area.passed')}
      </span>
      <ol className="quiet">
        {item.intervals.map((interval) => (
          <li key={interval.t_in}>
            {at(interval.t_in)} – {at(interval.t_out)}
          </li>
        ))}
      </ol>
    </li>
  );
}
