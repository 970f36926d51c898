// The live screen: the map, the alert list beside it, and the card of the selection.

import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { Session } from '../data/api.ts';
import { AreaPanel } from '../area/panel.tsx';
import { SelectionCard } from './selection.tsx';
import { type Proposals, useProposals, useSteps, useTitleBadge } from '../console/hooks.ts';
import type { Row } from '../figures/columns.ts';
import type { Hit } from '../data/search.ts';
import { span } from '../words/format.ts';
import { useEscape, useModel, useSignal } from '../parts/hooks.ts';
import { useSpeech } from '../i18n/index.ts';
import type { Connection } from '../live/connection.ts';
import { latitude, longitude } from '../live/mercator.ts';
import type { View } from '../live/messages.ts';
import type { Way } from '../map/extras.ts';
import { centroid, extentOf } from '../map/shapes.ts';
import type { MapView } from '../map/view.ts';
import { locateOfficer, selectedOf, useFollow, useSubscription } from '../data/followed.ts';
import type { FetchedCity } from '../data/fetched.ts';
import type { Appearance } from '../parts/appearance.ts';
import { AlertsPanel } from '../panels/alerts.tsx';
import { Legend } from '../panels/legend.tsx';
import { StaleBanner } from '../panels/link.tsx';
import { Waiting } from '../parts/parts.tsx';
import { Search } from '../panels/search.tsx';
import { TopBar } from '../panels/topbar.tsx';
import type { Screen } from './screen.ts';
import { MapPane } from './mappane.tsx';
import type { Alert, Area, CellState } from '../data/types.ts';
import { LIVE, type Place, type Selection } from './url.ts';
import { isWall, Wall } from './wall.tsx';

/** Fetched when it is asked for. */
const FiguresPage = lazy(async () => ({ default: (await import('../figures/page.tsx')).FiguresPage }));

const CELL_ZOOM = 15;
/** On narrower windows there is no room for the list beside a card, px. */
const CROWDED = 1200;
/** On narrower windows the list of alerts is closed at first, px. */
export const NARROW = 1000;
/** Ways of proposals drawn beside the chosen one. */
const WAYS_SHOWN = 20;

export interface ScreenProps {
  connection: Connection;
  appearance: Appearance;
  fetched: FetchedCity;
  user: Session | null;
  screen: Screen;
}

export function LiveScreen({ connection, appearance, fetched, user, screen }: ScreenProps) {
  const { selection, seen, select } = screen;
  const [alertsOpen, setAlertsOpen] = useState(() => innerWidth > (selection ? CROWDED : NARROW));
  const [only, setOnly] = useState<CellState | null>(null);
  const [following, setFollowing] = useState(false);
  const [map, setMap] = useState<MapView | null>(null);
  const [focused, setFocused] = useState<number | null>(null);
  const { city } = fetched;
  const steps = useSteps();
  const proposals = useProposals();
  const choose = useCallback(
    (chosen: Selection | null) => {
      setFollowing(false);
      select(chosen);
      if (chosen && innerWidth <= CROWDED) setAlertsOpen(false);
    },
    [select],
  );
  const close = useCallback(() => choose(null), [choose]);
  useSubscription(connection, selection, seen);
  useFollow(map, following && selection?.kind === 'officer' ? selection.id : null);
  useEscape(close);
  useTitleBadge();
  const alert = useChosenAlert(selection, focused);
  useWays(map, alert, proposals, city);

  useFirstLook(map, screen, city, alert);

  const onView = (view: View, place: Place): void => {
    screen.look(view, place);
    connection.setView({ ...view, selected: selectedOf(selection) });
    connection.connect();
  };
  const navigation = useNavigation(map, city, choose);
  const onChooseAlert = (chosen: Alert): void => {
    setFocused(chosen.id);
    if (chosen.cell) navigation.showCell(chosen.cell);
    else if (chosen.device) void locateOfficer(map, navigation.model, chosen.device);
    else if (chosen.area) navigation.toArea('street', chosen.area);
    if (selection?.kind === 'alert') choose({ kind: 'alert', id: String(chosen.id) });
  };
  const onOpenAlert = (chosen: Alert): void => {
    onChooseAlert(chosen);
    choose({ kind: 'alert', id: String(chosen.id) });
  };
  const onOpenRow = (row: Row): void => {
    screen.go(LIVE);
    if (row.level === 'cell') navigation.toCell(row.code);
    else if (row.level === 'device') navigation.toOfficer(row.code);
    else if (row.level !== 'officer') navigation.toArea(row.level, row.code);
  };
  return (
    <>
      <MapPane
        city={city}
        ready={fetched.ready}
        theme={appearance.theme}
        place={screen.place}
        selection={alert?.cell && selection?.kind !== 'cell' ? { kind: 'cell', id: alert.cell } : selection}
        only={only}
        onSelect={choose}
        onView={onView}
        onMap={setMap}
      />
      <TopBar
        appearance={appearance}
        synthetic={city.synthetic}
        user={user}
        screen={screen}
        alertsOpen={alertsOpen}
        onAlerts={() => setAlertsOpen(!alertsOpen)}
      >
        <Search city={city} onHit={navigation.toHit} />
      </TopBar>
      <StaleBanner onRetry={() => connection.connect()} />
      {alertsOpen && (
        <AlertsPanel
          chosen={alert?.id ?? focused}
          proposals={proposals}
          steps={steps}
          covered={screen.page.kind === 'settings' || screen.page.kind === 'figures'}
          onChoose={onChooseAlert}
          onOpen={onOpenAlert}
          onClose={() => setAlertsOpen(false)}
        />
      )}
      {screen.page.kind === 'area' ? (
        <AreaPanel page={screen.page} map={map} screen={screen} onOfficer={navigation.toOfficer} />
      ) : (
        <SelectionCard
          selection={selection}
          map={map}
          following={following}
          proposals={proposals}
          steps={steps}
          onFollow={setFollowing}
          onCell={navigation.toCell}
          onOfficer={navigation.toOfficer}
          onClose={close}
        />
      )}
      {screen.page.kind === 'figures' && (
        <Suspense fallback={<Waiting />}>
          <FiguresPage page={screen.page} screen={screen} onOpen={onOpenRow} />
        </Suspense>
      )}
      <Legend only={only} onOnly={setOnly} />
      {isWall() && map && <Wall map={map} city={city} onFocus={choose} />}
    </>
  );
}

/** Bring the selection of an address without a place into view once. */
function useFirstLook(map: MapView | null, screen: Screen, city: FetchedCity['city'], alert: Alert | undefined): void {
  const model = useModel();
  const looked = useRef(screen.place !== null || screen.selection === null);
  const { selection } = screen;
  const cell = selection?.kind === 'cell' ? selection.id : alert?.cell;
  useEffect(() => {
    if (!map || looked.current) return;
    const feature = cell ? city.byCode.get(cell) : undefined;
    if (feature) {
      const [lng, lat] = centroid(feature.geometry);
      map.camera.flyTo(lng, lat, CELL_ZOOM);
    } else if (selection?.kind === 'officer') void locateOfficer(map, model, selection.id);
    else return;
    looked.current = true;
  }, [map, city, cell, selection, model]);
}

/** The alert of the open card, else the one chosen in the list. */
function useChosenAlert(selection: Selection | null, focused: number | null): Alert | undefined {
  const alerts = useSignal(useModel().alerts);
  const id = selection?.kind === 'alert' ? Number(selection.id) : focused;
  return alerts.find((alert) => alert.id === id);
}

/** Draw the ways of proposed officers: that of the chosen alert strong and with its time, the others faint. */
function useWays(
  map: MapView | null,
  chosen: Alert | undefined,
  proposals: Proposals,
  city: FetchedCity['city'],
): void {
  const { t } = useSpeech();
  const model = useModel();
  const of = chosen?.id;
  const ways = useMemo(() => {
    const ordered = [...proposals.values()].toSorted((a, b) => Number(b.alert === of) - Number(a.alert === of));
    return ordered.slice(0, WAYS_SHOWN).flatMap((proposal): Way[] => {
      const cell = city.byCode.get(proposal.cell);
      const slot = model.slots.get(proposal.device);
      const officer = slot === undefined ? undefined : model.fleet.officer(slot, performance.now());
      if (!cell || !officer) return [];
      const label = `${proposal.officer ?? proposal.device} · ${span(proposal.arrival_s * 1000, t)}`;
      const from = [longitude(officer.x), latitude(officer.y)];
      return [{ from, to: centroid(cell.geometry), label, chosen: proposal.alert === of }];
    });
  }, [of, proposals, city, model, t]);
  useEffect(() => map?.setWays(ways), [map, ways]);
}

/** Bring cells, officers and areas into view, and select them. */
function useNavigation(map: MapView | null, city: FetchedCity['city'], select: (selection: Selection) => void) {
  const model = useModel();
  const showCell = (code: string): void => {
    const box = extentOf(city.cells, (cell) => cell.code === code);
    if (box) map?.camera.flyTo((box[0] + box[2]) / 2, (box[1] + box[3]) / 2, CELL_ZOOM);
  };
  const toCell = (code: string): void => {
    showCell(code);
    select({ kind: 'cell', id: code });
  };
  const toOfficer = (id: string): void => {
    select({ kind: 'officer', id });
    void locateOfficer(map, model, id);
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
  return { model, showCell, toCell, toOfficer, toArea, toHit };
}
