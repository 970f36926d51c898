// The page: map below, panels above. Holds what the viewer chose; what is live comes from the model.

import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import * as api from './api.ts';
import { city as indexed, type City, CityContext, NO_CITY } from './city.ts';
import type { Hit } from './find.ts';
import { useModel, useSignal } from './hooks.ts';
import { type Language, LOCALE, SpeechContext, storedLanguage, storeLanguage, translator } from './i18n/index.ts';
import type { Connection } from './live/connection.ts';
import type { View } from './live/messages.ts';
import type { Theme } from './map/palette.ts';
import { extentOf } from './map/shapes.ts';
import type { Step } from './map/trackline.ts';
import type { MapView } from './map/view.ts';
import { AlertsPanel } from './panels/alerts.tsx';
import { CellCard } from './panels/cell.tsx';
import { EventCard } from './panels/event.tsx';
import { Legend } from './panels/legend.tsx';
import { StaleBanner } from './panels/link.tsx';
import { OfficerDrawer } from './panels/officer.tsx';
import { Search } from './panels/search.tsx';
import { TopBar } from './panels/topbar.tsx';
import { Stage } from './stage.tsx';
import { storedTheme, storeTheme } from './theme.ts';
import type { Alert, CellState } from './types.ts';
import { type Place, readAddress, type Selection, writeAddress } from './url.ts';

const OFFICER_ZOOM = 15.5;
const CELL_ZOOM = 15;
const ADDRESS_EVERY_MS = 400;
const EXPIRE_EVERY_MS = 1000;

/** Cells and areas of the city, fetched again whenever the grid changes. */
function useFetchedCity(): { city: City; error: Error | null; ready: boolean } {
  const model = useModel();
  const version = useSignal(model.gridVersion);
  const [result, setResult] = useState<{ city: City; error: Error | null; ready: boolean }>({
    city: NO_CITY,
    error: null,
    ready: false,
  });
  useEffect(() => {
    let current = true;
    Promise.all([api.cells(), api.areas()])
      .then(([cells, areas]) => current && setResult({ city: indexed(cells, areas), error: null, ready: true }))
      .catch((error: Error) => current && setResult((old) => ({ ...old, error, ready: true })));
    return () => {
      current = false;
    };
  }, [version]);
  return result;
}

function useUser(): string | null {
  const [name, setName] = useState<string | null>(null);
  useEffect(() => {
    api
      .session()
      .then((session) => setName(session.name))
      .catch(() => setName(null)); // only shown; a lost session leads to the sign-in page by itself
  }, []);
  return name;
}

/** Language and theme, on the page's root element and remembered. */
function useTaste() {
  const [language, setLanguage] = useState<Language>(storedLanguage);
  const [theme, setTheme] = useState<Theme>(storedTheme);
  useEffect(() => {
    document.documentElement.lang = LOCALE[language];
    document.documentElement.dataset.theme = theme;
    document.title = language === 'zh' ? '巡格 patrolgrid' : 'patrolgrid';
  }, [language, theme]);
  const toggleLanguage = (): void => {
    const next = language === 'zh' ? 'en' : 'zh';
    storeLanguage(next);
    setLanguage(next);
  };
  const toggleTheme = (): void => {
    const next = theme === 'dark' ? 'light' : 'dark';
    storeTheme(next);
    setTheme(next);
  };
  return { language, theme, toggleLanguage, toggleTheme };
}

export function App({ connection }: { connection: Connection }) {
  const { language, theme, toggleLanguage, toggleTheme } = useTaste();
  const speech = useMemo(() => ({ language, t: translator(language) }), [language]);
  const { t } = speech;
  const model = useModel();
  const { city, error, ready } = useFetchedCity();
  const user = useUser();
  const start = useMemo(() => readAddress(location.hash), []);
  const [selection, setSelection] = useState<Selection | null>(start.selection);
  const [alertsOpen, setAlertsOpen] = useState(() => innerWidth > 1000);
  const [only, setOnly] = useState<CellState | null>(null);
  const [following, setFollowing] = useState(false);
  const [map, setMap] = useState<MapView | null>(null);
  const view = useRef<{ view: View; place: Place } | null>(null);

  const select = useCallback((chosen: Selection | null) => {
    setFollowing(false);
    setSelection(chosen);
  }, []);
  useAddress(selection, view, select);
  useSubscription(connection, selection, view);
  useFollow(map, following && selection?.kind === 'officer' ? selection.id : null);
  useExpiry();

  const onView = useCallback(
    (next: View, place: Place) => {
      view.current = { view: next, place };
      connection.setView({ ...next, selected: selectedOf(selection) });
      connection.connect();
    },
    [connection, selection],
  );
  const toCell = useCallback(
    (code: string) => {
      const box = extentOf(city.cells, (cell) => cell.code === code);
      if (box) map?.flyTo((box[0] + box[2]) / 2, (box[1] + box[3]) / 2, CELL_ZOOM);
      select({ kind: 'cell', id: code });
    },
    [city, map, select],
  );
  const toOfficer = useCallback(
    (id: string) => {
      select({ kind: 'officer', id });
      void locateOfficer(map, model, id);
    },
    [map, model, select],
  );
  const onAlert = useCallback(
    (alert: Alert) => {
      if (alert.cell) toCell(alert.cell);
      else if (alert.device) toOfficer(alert.device);
      if (innerWidth <= 1000) setAlertsOpen(false);
    },
    [toCell, toOfficer],
  );
  const onHit = (hit: Hit): void => {
    if (hit.kind === 'officer') toOfficer(hit.id);
    else if (hit.kind === 'cell') toCell(hit.id);
    else {
      const box = extentOf(city.cells, (cell) => hit.level === 'district' || cell[hit.level] === hit.id);
      if (box) map?.fit(box);
    }
  };
  const onTrack = useCallback((steps: readonly Step[]) => map?.setTrack(steps), [map]);
  const close = useCallback(() => select(null), [select]);
  useEscape(close);

  return (
    <SpeechContext value={speech}>
      <CityContext value={city}>
        <a className="skip-link" href="#alerts">
          {t('app.skip')}
        </a>
        <Stage
          city={city}
          theme={theme}
          place={start.place}
          selection={selection}
          only={only}
          onSelect={select}
          onView={onView}
          onMap={setMap}
        />
        <TopBar
          theme={theme}
          synthetic={city.synthetic}
          user={user}
          alertsOpen={alertsOpen}
          onTheme={toggleTheme}
          onLanguage={toggleLanguage}
          onAlerts={() => setAlertsOpen(!alertsOpen)}
        >
          <Search city={city} onHit={onHit} />
        </TopBar>
        <StaleBanner onRetry={() => connection.connect()} />
        {alertsOpen && (
          <AlertsPanel
            onSelect={onAlert}
            onClose={() => setAlertsOpen(false)}
            selectedCell={selection?.kind === 'cell' ? selection.id : null}
          />
        )}
        {selection?.kind === 'officer' && (
          <OfficerDrawer
            key={selection.id}
            id={selection.id}
            following={following}
            onFollow={setFollowing}
            onLocate={() => void locateOfficer(map, model, selection.id)}
            onTrack={onTrack}
            onCell={toCell}
            onClose={close}
          />
        )}
        {selection?.kind === 'cell' && <CellCard code={selection.id} onOfficer={toOfficer} onClose={close} />}
        {selection?.kind === 'event' && (
          <EventCard id={selection.id} onOfficer={toOfficer} onCell={toCell} onClose={close} />
        )}
        <Legend only={only} onOnly={setOnly} />
        {ready && (error || city.cells.features.length === 0) && (
          <p className="city-note panel" role="alert">
            {error ? t('panel.failed', { detail: error.message }) : t('app.noCells')}
          </p>
        )}
      </CityContext>
    </SpeechContext>
  );
}

const selectedOf = (selection: Selection | null): string[] => (selection?.kind === 'officer' ? [selection.id] : []);

/** Bring an officer into view: where it is drawn, else where its stored newest fix is. */
async function locateOfficer(map: MapView | null, model: ReturnType<typeof useModel>, id: string): Promise<void> {
  const slot = model.slots.get(id);
  const drawn = slot === undefined ? undefined : map?.locate(slot);
  if (drawn) {
    map?.flyTo(drawn.lng, drawn.lat, OFFICER_ZOOM);
    return;
  }
  const device = await api.device(id).catch(() => null); // the drawer says that it was not found
  if (device?.last) map?.flyTo(device.last.lon, device.last.lat, OFFICER_ZOOM);
}

/** Keep the chosen officer among those always sent, and marked on the map. */
function useSubscription(
  connection: Connection,
  selection: Selection | null,
  view: React.RefObject<{ view: View; place: Place } | null>,
): void {
  const model = useModel();
  useSignal(model.namesVersion);
  const slot = selection?.kind === 'officer' ? model.slots.get(selection.id) : undefined;
  useEffect(() => {
    if (view.current) connection.setView({ ...view.current.view, selected: selectedOf(selection) });
  }, [connection, selection, view]);
  useEffect(() => {
    model.fleet.select(new Set(slot === undefined ? [] : [slot]));
    model.onPositions();
  }, [model, slot]);
}

/** Write view and choice into the address, and read them when the viewer goes back or pastes another. */
function useAddress(
  selection: Selection | null,
  view: React.RefObject<{ view: View; place: Place } | null>,
  select: (selection: Selection | null) => void,
): void {
  useEffect(() => {
    const write = (): void => {
      const hash = writeAddress({ place: view.current?.place ?? readAddress(location.hash).place, selection });
      if (hash !== location.hash) history.replaceState(null, '', hash);
    };
    write();
    const timer = setInterval(write, ADDRESS_EVERY_MS);
    const read = (): void => select(readAddress(location.hash).selection);
    addEventListener('hashchange', read);
    return () => {
      clearInterval(timer);
      removeEventListener('hashchange', read);
    };
  }, [selection, view, select]);
}

function useFollow(map: MapView | null, id: string | null): void {
  const model = useModel();
  useEffect(() => {
    if (!map || id === null) return undefined;
    const timer = setInterval(() => {
      const slot = model.slots.get(id);
      const drawn = slot === undefined ? undefined : map.locate(slot);
      if (drawn) map.map.easeTo({ center: [drawn.lng, drawn.lat], duration: 950, easing: (part) => part });
    }, 1000);
    return () => clearInterval(timer);
  }, [map, id, model]);
}

/** Officers fall silent by the clock even when nothing more is heard of them. */
function useExpiry(): void {
  const model = useModel();
  useEffect(() => {
    const timer = setInterval(() => {
      const { version } = model.fleet;
      model.fleet.expire(model.serverNow());
      if (model.fleet.version !== version) model.onPositions();
    }, EXPIRE_EVERY_MS);
    return () => clearInterval(timer);
  }, [model]);
}

function useEscape(close: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') close();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [close]);
}
