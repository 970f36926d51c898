// Where the map lives in the page: loads the map code, feeds it, and hands back what the viewer does on it.

import { useEffect, useEffectEvent, useRef, useState } from 'react';
import type { City } from './city.ts';
import { span } from './format.ts';
import { useModel, useSignal } from './hooks.ts';
import { useSpeech } from './i18n/index.ts';
import type { View } from './live/messages.ts';
import type { Theme } from './map/palette.ts';
import type { MapEvents, MapView } from './map/view.ts';
import { IconButton } from './panels/parts.tsx';
import type { CellState } from './types.ts';
import type { Place, Selection } from './url.ts';

type Hover = { slot: number; x: number; y: number } | null;

interface Props {
  city: City;
  theme: Theme;
  place: Place | null;
  selection: Selection | null;
  only: CellState | null;
  onSelect: MapEvents['onSelect'];
  onView: MapEvents['onView'];
  onMap(map: MapView | null): void;
}

export function Stage(props: Props) {
  const { city, theme, selection, only } = props;
  const { t } = useSpeech();
  const model = useModel();
  const box = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<MapView | null>(null);
  const [failed, setFailed] = useState(false);
  const [hover, setHover] = useState<Hover>(null);
  const events = useSignal(model.events);
  const choose = useEffectEvent((chosen: Selection | null) => props.onSelect(chosen));
  const look = useEffectEvent((view: View, place: Place) => props.onView(view, place));
  const make = useEffectEvent((View: typeof MapView, container: HTMLElement) => {
    const made = new View(container, model, props.theme, props.place, t('map.label'), {
      onSelect: (chosen) => choose(chosen),
      onView: (view, place) => look(view, place),
      onHover: setHover,
      onError: (error) => console.error(error),
    });
    setMap(made);
    props.onMap(made);
    return made;
  });
  const unmake = useEffectEvent((made: MapView) => {
    made.destroy();
    props.onMap(null);
    setMap(null);
  });

  useEffect(() => {
    let made: MapView | null = null;
    let gone = false;
    import('./map/view.ts')
      .then((code) => {
        if (!gone && box.current) made = make(code.MapView, box.current);
      })
      .catch((error: unknown) => {
        console.error(error);
        setFailed(true);
      });
    return () => {
      gone = true;
      if (made) unmake(made);
    };
  }, []);

  useEffect(() => map?.setTheme(theme), [map, theme]);
  useEffect(() => {
    if (city.cells.features.length > 0) map?.setCells(city.cells, city.areas);
  }, [map, city]);
  useEffect(() => map?.setEvents(events), [map, events]);
  useEffect(() => map?.showOnly(only), [map, only]);
  useEffect(() => map?.selectCell(selection?.kind === 'cell' ? selection.id : null), [map, selection]);
  useEffect(() => map?.setLabel(t('map.label')), [map, t]);

  return (
    <main className="stage">
      <div className="map" ref={box} />
      {!map && <p className="map-note">{t(failed ? 'app.mapFailed' : 'app.loadingMap')}</p>}
      {hover && <Tooltip hover={hover} />}
      <div className="map-tools panel">
        <IconButton icon="plus" label={t('map.zoomIn')} onClick={() => map?.camera.zoomBy(1)} />
        <IconButton icon="minus" label={t('map.zoomOut')} onClick={() => map?.camera.zoomBy(-1)} />
        <IconButton icon="home" label={t('map.home')} onClick={() => map?.showAll()} />
      </div>
    </main>
  );
}

function Tooltip({ hover }: { hover: NonNullable<Hover> }) {
  const { t } = useSpeech();
  const model = useModel();
  const name = model.names.get(hover.slot);
  const officer = model.fleet.officer(hover.slot, performance.now());
  if (!name || !officer) return null;
  const age = span(model.serverNow() - officer.fixAt, t);
  return (
    <div className="tooltip panel" style={{ transform: `translate(${hover.x + 14}px, ${hover.y + 14}px)` }}>
      <strong>{name.label ?? name.id}</strong>
      <span>{t('age.ago', { age })}</span>
    </div>
  );
}
