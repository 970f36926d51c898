// Where the map lives in the page: loads the map code, feeds it, and hands back what the viewer does on it.

import { useEffect, useEffectEvent, useRef, useState } from 'react';
import { cellName, type City, NO_CITY } from '../data/city.ts';
import { span } from '../words/format.ts';
import { useModel, useServerNow, useSignal } from '../parts/hooks.ts';
import { AGAIN_MS } from '../ground/again.ts';
import { type GroundStyle, PLAIN, theGround } from '../ground/ground.ts';
import { useSpeech } from '../i18n/index.ts';
import type { View } from '../live/messages.ts';
import { FRESHNESS } from '../live/protocol.ts';
import type { Theme } from '../map/palette.ts';
import type { Hover } from '../map/pointer.ts';
import type { MapView } from '../map/view.ts';
import { Signal } from '../parts/signal.ts';
import { STATE_MARKS } from '../map/marks.ts';
import { PathIcon } from '../parts/icons.tsx';
import { IconButton } from '../parts/parts.tsx';
import type { CellState } from '../data/types.ts';
import type { Place, Selection } from './url.ts';

interface Props {
  city: City;
  /** The city is known, or it is known that it cannot be had. */
  ready: boolean;
  theme: Theme;
  place: Place | null;
  selection: Selection | null;
  only: CellState | null;
  onSelect(selection: Selection | null): void;
  onView(view: View, place: Place): void;
  onMap(map: MapView | null): void;
}

const NO_HOVER = new Signal<Hover | null>(null);

export function MapPane(props: Props) {
  const { city, theme, selection, only } = props;
  const { t, language } = useSpeech();
  const model = useModel();
  const box = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<MapView | null>(null);
  const [failed, setFailed] = useState(false);
  const [ground, setGround] = useState({ style: PLAIN, failed: false });
  const hover = useSignal(map?.pointer.hover ?? NO_HOVER);
  const events = useSignal(model.events);
  const choose = useEffectEvent((chosen: Selection | null) => props.onSelect(chosen));
  const look = useEffectEvent((view: View, place: Place) => props.onView(view, place));
  const make = useEffectEvent((View: typeof MapView, container: HTMLElement, style: GroundStyle) => {
    const made = new View(container, model, { theme, language }, style, city, props.place, t('map.label'));
    setMap(made);
    props.onMap(made);
    return made;
  });
  const unmake = useEffectEvent((made: MapView) => {
    made.destroy();
    props.onMap(null);
    setMap(null);
  });

  const { ready } = props;
  useEffect(() => {
    if (!ready) return undefined;
    let made: MapView | null = null;
    let gone = false;
    Promise.all([import('../map/view.ts'), theGround()])
      .then(([code, found]) => {
        if (gone || !box.current) return;
        setGround(found);
        made = make(code.MapView, box.current, found.style);
      })
      .catch((error: unknown) => {
        console.error(error);
        setFailed(true);
      });
    return () => {
      gone = true;
      if (made) unmake(made);
    };
  }, [ready]);

  useEffect(() => {
    if (!map) return undefined;
    const showed = (): void => {
      const shown = map.shown.get();
      if (shown) look(shown.view, shown.place);
    };
    showed(); // it may have looked somewhere before anybody listened
    const endings = [
      map.shown.subscribe(showed),
      map.pointer.picked.subscribe(() => choose(map.pointer.picked.get()?.selection ?? null)),
      map.groundLost.subscribe(() => setGround((old) => ({ ...old, failed: map.groundLost.get() }))),
    ];
    return () => {
      for (const end of endings) end();
    };
  }, [map]);

  useEffect(() => {
    // What fails of a ground that was had, the map asks for again.
    if (!ground.failed || ground.style !== PLAIN) return undefined;
    const timer = setTimeout(() => void theGround().then(setGround), AGAIN_MS);
    return () => clearTimeout(timer);
  }, [ground]);
  useEffect(() => map?.setGround(ground.style), [map, ground.style]);
  useEffect(() => {
    if (props.place) map?.camera.jumpTo(props.place);
  }, [map, props.place]);
  useEffect(() => map?.setLook({ theme, language }), [map, theme, language]);
  useEffect(() => {
    if (city !== NO_CITY) map?.setCells(city.cells, city.areas);
  }, [map, city]);
  useEffect(() => map?.setEvents(events), [map, events]);
  useEffect(() => map?.showOnly(only), [map, only]);
  useEffect(() => map?.selectCell(selection?.kind === 'cell' ? selection.id : null), [map, selection]);
  useEffect(() => map?.setLabel(t('map.label')), [map, t]);

  return (
    <main className="stage">
      <div className="map" ref={box} />
      {!map && <p className="map-note">{t(failed ? 'app.mapFailed' : 'app.loadingMap')}</p>}
      {hover && ('slot' in hover ? <OfficerTip hover={hover} /> : <CellTip hover={hover} city={city} />)}
      {(ground.failed || ground.style.attribution) && (
        <p className="attribution">{ground.failed ? t('ground.lost') : ground.style.attribution}</p>
      )}
      <div className="map-tools panel">
        <IconButton icon="plus" label={t('map.zoomIn')} onClick={() => map?.camera.zoomBy(1)} />
        <IconButton icon="minus" label={t('map.zoomOut')} onClick={() => map?.camera.zoomBy(-1)} />
        <IconButton icon="home" label={t('map.home')} onClick={() => map?.showAll()} />
      </div>
    </main>
  );
}

const besides = ({ x, y }: { x: number; y: number }) => ({ transform: `translate(${x + 14}px, ${y + 14}px)` });

function OfficerTip({ hover }: { hover: Hover & { slot: number } }) {
  const { t } = useSpeech();
  const model = useModel();
  useServerNow();
  const name = model.names.get(hover.slot);
  const officer = model.fleet.officer(hover.slot, performance.now());
  if (!name || !officer) return null;
  const age = span(model.serverNow() - officer.fixAt, t);
  const freshness = FRESHNESS[officer.freshness];
  const duty = (['duty', 'task', 'break', 'off'] as const)[(officer.status >> 2) & 3];
  return (
    <div className="tooltip panel" style={besides(hover)}>
      <strong>{name.label ?? name.id}</strong>
      <span>
        {t(`officers.${freshness}`)} · {t(`duty.${duty}`)} · {t('age.ago', { age })}
      </span>
    </div>
  );
}

/** State of the cell under the pointer and the time it has left. */
function CellTip({ hover, city }: { hover: Hover & { cell: string }; city: City }) {
  const { t } = useSpeech();
  const model = useModel();
  const now = useServerNow();
  const feature = city.byCode.get(hover.cell);
  if (!feature) return null;
  const { state, due, present } = model.cell(Number(feature.id));
  const left = due === null ? null : due - now;
  return (
    <div className={`tooltip panel state-${state}`} style={besides(hover)}>
      <strong>{cellName(city, hover.cell)}</strong>
      <span className="tip-state">
        <PathIcon path={STATE_MARKS[state]} size={13} width={2.4} /> {t(`state.${state}`)}
      </span>
      <span>
        {left === null
          ? t('hover.noDue')
          : left < 0
            ? t('hover.over', { time: span(-left, t) })
            : t('hover.left', { time: span(left, t) })}
      </span>
      {present && <span>{t('hover.present')}</span>}
    </div>
  );
}
