// The page: map below, panels above. Holds what the viewer chose; what is live comes from the model.

import { useCallback, useMemo, useRef, useState } from 'react';
import { CityContext } from './city.ts';
import type { Hit } from './find.ts';
import { useModel } from './hooks.ts';
import { SpeechContext, translator, useSpeech } from './i18n/index.ts';
import type { Connection } from './live/connection.ts';
import type { View } from './live/messages.ts';
import { extentOf } from './map/shapes.ts';
import type { Step } from './map/trackline.ts';
import type { MapView } from './map/view.ts';
import * as page from './page.ts';
import { AlertsPanel } from './panels/alerts.tsx';
import { CellCard } from './panels/cell.tsx';
import { EventCard } from './panels/event.tsx';
import { Legend } from './panels/legend.tsx';
import { StaleBanner } from './panels/link.tsx';
import { OfficerDrawer } from './panels/officer.tsx';
import { Search } from './panels/search.tsx';
import { TopBar } from './panels/topbar.tsx';
import { Stage } from './stage.tsx';
import type { Alert, Area, CellState } from './types.ts';
import { type Place, readAddress, type Selection } from './url.ts';

const CELL_ZOOM = 15;
/** On narrower windows the list of alerts is closed at first and after a choice, px. */
const NARROW = 1000;

export function App({ connection }: { connection: Connection }) {
  const { language, theme, toggleLanguage, toggleTheme } = page.useTaste();
  const speech = useMemo(() => ({ language, t: translator(language) }), [language]);
  const fetched = page.useFetchedCity();
  const user = page.useUser();
  const [start] = useState(() => readAddress(location.hash));
  const [selection, setSelection] = useState<Selection | null>(start.selection);
  const [alertsOpen, setAlertsOpen] = useState(() => innerWidth > NARROW);
  const [only, setOnly] = useState<CellState | null>(null);
  const [following, setFollowing] = useState(false);
  const [map, setMap] = useState<MapView | null>(null);
  const seen = useRef<{ view: View; place: Place } | null>(null);
  const { city } = fetched;

  const select = useCallback((chosen: Selection | null) => {
    setFollowing(false);
    setSelection(chosen);
  }, []);
  const close = useCallback(() => select(null), [select]);
  page.useAddress(selection, seen, select);
  page.useSubscription(connection, selection, seen);
  page.useFollow(map, following && selection?.kind === 'officer' ? selection.id : null);
  page.useExpiry();
  page.useReadiness();
  page.useEscape(close);

  const onView = (view: View, place: Place): void => {
    seen.current = { view, place };
    connection.setView({ ...view, selected: page.selectedOf(selection) });
    connection.connect();
  };
  const { toCell, toOfficer, toArea, toHit } = useWays(map, city, select);
  const onAlert = (alert: Alert): void => {
    if (alert.cell) toCell(alert.cell);
    else if (alert.device) toOfficer(alert.device);
    else if (typeof alert.facts.street === 'string') toArea('street', alert.facts.street);
    if (innerWidth <= NARROW) setAlertsOpen(false);
  };
  return (
    <SpeechContext value={speech}>
      <CityContext value={city}>
        <SkipLink />
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
          <Search city={city} onHit={toHit} />
        </TopBar>
        <StaleBanner onRetry={() => connection.connect()} />
        {alertsOpen && (
          <AlertsPanel
            onSelect={onAlert}
            onClose={() => setAlertsOpen(false)}
            selectedCell={selection?.kind === 'cell' ? selection.id : null}
          />
        )}
        <Chosen
          selection={selection}
          map={map}
          following={following}
          onFollow={setFollowing}
          onCell={toCell}
          onOfficer={toOfficer}
          onClose={close}
        />
        <Legend only={only} onOnly={setOnly} />
        <CityNote fetched={fetched} />
      </CityContext>
    </SpeechContext>
  );
}

/** Ways to bring something into view and choose it. */
function useWays(map: MapView | null, city: page.FetchedCity['city'], select: (selection: Selection) => void) {
  const model = useModel();
  const toCell = (code: string): void => {
    const box = extentOf(city.cells, (cell) => cell.code === code);
    if (box) map?.camera.flyTo((box[0] + box[2]) / 2, (box[1] + box[3]) / 2, CELL_ZOOM);
    select({ kind: 'cell', id: code });
  };
  const toOfficer = (id: string): void => {
    select({ kind: 'officer', id });
    void page.locateOfficer(map, model, id);
  };
  const toArea = (level: Area['level'], code: string): void => {
    const box = extentOf(city.cells, (cell) => level === 'district' || cell[level] === code);
    if (box) map?.camera.fit(box);
  };
  const toHit = (hit: Hit): void => {
    if (hit.kind === 'officer') toOfficer(hit.id);
    else if (hit.kind === 'cell') toCell(hit.id);
    else toArea(hit.level, hit.id);
  };
  return { toCell, toOfficer, toArea, toHit };
}

interface ChosenProps {
  selection: Selection | null;
  map: MapView | null;
  following: boolean;
  onFollow(follow: boolean): void;
  onCell(code: string): void;
  onOfficer(id: string): void;
  onClose(): void;
}

/** The card of what was chosen on the map. */
function Chosen({ selection, map, following, onFollow, onCell, onOfficer, onClose }: ChosenProps) {
  const model = useModel();
  const onTrack = useCallback((steps: readonly Step[]) => map?.setTrack(steps), [map]);
  if (!selection) return null;
  const { kind, id } = selection;
  if (kind === 'cell') return <CellCard code={id} onOfficer={onOfficer} onClose={onClose} />;
  if (kind === 'event') return <EventCard id={id} onOfficer={onOfficer} onCell={onCell} onClose={onClose} />;
  return (
    <OfficerDrawer
      key={id}
      id={id}
      following={following}
      onFollow={onFollow}
      onLocate={() => void page.locateOfficer(map, model, id)}
      onTrack={onTrack}
      onCell={onCell}
      onClose={onClose}
    />
  );
}

function SkipLink() {
  const { t } = useSpeech();
  return (
    <button type="button" className="skip-link" onClick={() => document.getElementById('alerts')?.focus()}>
      {t('app.skip')}
    </button>
  );
}

/** Why there is nothing on the map. */
function CityNote({ fetched }: { fetched: page.FetchedCity }) {
  const { t } = useSpeech();
  const { city, error, ready } = fetched;
  if (!ready || (!error && city.cells.features.length > 0)) return null;
  return (
    <p className="city-note panel" role="alert">
      {error ? t('panel.failed', { detail: error.message }) : t('app.noCells')}
    </p>
  );
}
