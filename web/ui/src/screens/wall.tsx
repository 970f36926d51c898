// The wall: no mouse. The view goes round by itself over what matters: the city, the most urgent alerts, the worst street.

import { useEffect, useEffectEvent, useState } from 'react';
import type { City } from '../data/city.ts';
import { subjectOf } from '../console/groups.ts';
import { useModel, useSignal } from '../parts/hooks.ts';
import { useSpeech } from '../i18n/index.ts';
import type { LiveModel } from '../live/model.ts';
import { extentOf } from '../map/shapes.ts';
import type { MapView } from '../map/view.ts';
import type { Alert } from '../data/types.ts';
import type { Selection } from './url.ts';

/** How long the view rests at each place. */
const REST_MS = 12_000;
const ALERTS_SHOWN = 3;
const WALL_ZOOM = 14.2;

/** True when the address asks for the wall: ?wall=1. */
export const isWall = (): boolean => new URLSearchParams(location.search).get('wall') === '1';

const OVERVIEW = { kind: 'overview' } as const;

type Stop = { kind: 'overview' } | { kind: 'alert'; alert: Alert } | { kind: 'street'; code: string; share: number };

/** Where the view goes between one look at the whole city and the next. */
function stopsOf(alerts: readonly Alert[], streets: readonly { code: string; share: number }[]): Stop[] {
  const urgent = alerts.filter((alert) => alert.cell !== null && alert.state !== 'snoozed').slice(0, ALERTS_SHOWN);
  const worst = streets.toSorted((a, b) => a.share - b.share)[0];
  return [
    ...urgent.map((alert): Stop => ({ kind: 'alert', alert })),
    ...(worst && worst.share < 1 ? [{ kind: 'street', ...worst } as const] : []),
  ];
}

/** Share of the cells of each street that are not overdue; what cannot be told is left out. */
function shares(model: LiveModel, city: City): { code: string; share: number }[] {
  const tally = new Map<string, { fine: number; known: number }>();
  for (const { id, properties } of city.cells.features) {
    const { state } = model.cell(Number(id));
    if (state === 'unknown') continue;
    const sum = tally.get(properties.street) ?? { fine: 0, known: 0 };
    sum.known += 1;
    if (state !== 'overdue') sum.fine += 1;
    tally.set(properties.street, sum);
  }
  return [...tally].map(([code, { fine, known }]) => ({ code, share: fine / known }));
}

interface Props {
  map: MapView;
  city: City;
  onFocus(selection: Selection | null): void;
}

export function Wall({ map, city, onFocus }: Props) {
  const { t } = useSpeech();
  const model = useModel();
  const alerts = useSignal(model.alerts);
  const [stop, setStop] = useState<Stop>(OVERVIEW);
  const show = useEffectEvent((next: Stop) => {
    setStop(next);
    if (next.kind === 'overview') {
      map.showAll();
      onFocus(null);
    } else if (next.kind === 'alert') {
      const box = extentOf(city.cells, (cell) => cell.code === next.alert.cell);
      if (box) map.camera.goTo((box[0] + box[2]) / 2, (box[1] + box[3]) / 2, WALL_ZOOM);
      onFocus({ kind: 'alert', id: String(next.alert.id) });
    } else {
      const box = extentOf(city.cells, (cell) => cell.street === next.code);
      if (box) map.camera.fit(box);
      onFocus(null);
    }
  });
  const stops = useEffectEvent(() => stopsOf(alerts, shares(model, city)));
  useEffect(() => {
    document.documentElement.classList.add('wall');
    // Worked out when the city has been seen: at the start nothing is known yet.
    let left: Stop[] | null = null;
    const next = (): void => {
      left ??= stops();
      const first = left.shift();
      if (!first) left = null;
      show(first ?? OVERVIEW);
    };
    show(OVERVIEW);
    const timer = setInterval(next, REST_MS);
    return () => {
      clearInterval(timer);
      document.documentElement.classList.remove('wall');
    };
  }, []);
  return (
    <output className="wall-focus panel" data-stop={stop.kind}>
      {stop.kind === 'overview' && t('wall.overview')}
      {stop.kind === 'alert' && `${t('wall.alert')} · ${subjectOf(stop.alert, t)}`}
      {stop.kind === 'street' &&
        `${t('wall.street')} · ${city.areaNames.get(stop.code) ?? stop.code} · ${t('wall.covered', { percent: `${Math.round(stop.share * 100)} %` })}`}
    </output>
  );
}
