// The replay desk: the map at a moment of the past, and the bar that moves the moment.

import {
  type RefObject,
  useCallback,
  useEffect,
  useEffectEvent,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { SelectionCard } from '../screens/selection.tsx';
import type { Proposals, Steps } from '../console/hooks.ts';
import { useKeys } from '../console/hooks.ts';
import type { ScreenProps } from '../screens/live.tsx';
import { ModelContext, useEscape, useModel, useSignal } from '../parts/hooks.ts';
import { useSpeech } from '../i18n/index.ts';
import { LiveModel } from '../live/model.ts';
import type { Step } from '../map/trackline.ts';
import type { MapView } from '../map/view.ts';
import { Legend } from '../panels/legend.tsx';
import { TopBar } from '../panels/topbar.tsx';
import { toLive } from '../screens/screen.ts';
import { MapPane } from '../screens/mappane.tsx';
import type { CellState } from '../data/types.ts';
import type { Page } from '../screens/url.ts';
import { Controls } from './controls.tsx';
import { Form } from './form.tsx';
import { type Player, useClip, usePlayer } from './hooks.ts';
import { lastBefore, type ReplayModel } from './model.ts';

/** The address follows a playing clip so often, ms. */
const ADDRESS_EVERY_MS = 2_000;
/** After a jump it is written when the viewer has rested so long, ms. */
const REST_MS = 300;
/** Trails are drawn for so many officers at most, so far back. */
const TRAILS = 12;
const TRAIL_MS = 30 * 60_000;
const NO_PROPOSALS: Proposals = new Map();
const NO_STEPS: Steps = { take: () => Promise.resolve(false), notice: null };

type Props = ScreenProps & { page: Extract<Page, { kind: 'replay' }> };

export function ReplayScreen({ appearance, fetched, user, screen, page: shown }: Props) {
  const live = useModel();
  const zone = useSignal(live.timeZone);
  const loading = useClip(shown.span, shown.then, shown.only, zone);
  const player = usePlayer(loading.model, shown.at);
  const [empty] = useState(() => new LiveModel());
  const [map, setMap] = useState<MapView | null>(null);
  const [only, setOnly] = useState<CellState | null>(null);
  const { selection, select } = screen;
  const { city } = fetched;
  const close = useCallback(() => select(null), [select]);
  useEscape(close);
  useEffect(() => {
    if (loading.model) map?.clearView(); // the bar has grown by its time line
  }, [map, loading.model]);
  const bar = useBarHeight();
  useMomentInAddress(screen, shown, player);
  useTrails(map, loading.model, player, selection?.kind === 'officer' ? selection.id : null, shown.only);
  useReplayKeys(loading.model, player);
  return (
    <ModelContext value={loading.model ?? empty}>
      <MapPane
        key={loading.model ? 'clip' : 'empty'}
        city={city}
        ready={fetched.ready}
        theme={appearance.theme}
        place={screen.seen.current?.place ?? screen.place}
        selection={selection}
        only={only}
        onSelect={select}
        onView={screen.look}
        onMap={setMap}
      />
      <TopBar appearance={appearance} synthetic={city.synthetic} user={user} screen={screen}>
        <Moment at={loading.model ? player.at : null} />
      </TopBar>
      <SelectionCard
        selection={selection}
        map={null}
        following={false}
        proposals={NO_PROPOSALS}
        steps={NO_STEPS}
        onFollow={() => undefined}
        onCell={(code) => select({ kind: 'cell', id: code })}
        onOfficer={(id) => select({ kind: 'officer', id })}
        onClose={close}
      />
      <Legend only={only} onOnly={setOnly} />
      <section className="replay panel" ref={bar} aria-label={useSpeech().t('replay.title')}>
        <Form page={shown} progress={loading.progress} error={loading.error} screen={screen} onLeave={toLive(screen)} />
        {loading.model && (
          <Controls
            model={loading.model}
            progress={loading.progress}
            player={player}
            only={shown.only}
            onOnly={(names) => screen.go({ ...shown, at: player.at, only: names })}
          />
        )}
      </section>
    </ModelContext>
  );
}

/** Tell the styles how high the bar is: what stands at the bottom of the map stands on it. */
function useBarHeight(): RefObject<HTMLElement | null> {
  const bar = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    const { style } = document.documentElement;
    const watcher = new ResizeObserver(() => style.setProperty('--replay-bar', `${bar.current?.offsetHeight ?? 0}px`));
    if (bar.current) watcher.observe(bar.current);
    return () => watcher.disconnect();
  }, []);
  return bar;
}

/** The moment shown, where live has the search. */
function Moment({ at }: { at: number | null }) {
  const { t, language } = useSpeech();
  const zone = useSignal(useModel().timeZone);
  const text = useMemo(() => {
    if (at === null) return t('replay.none');
    const format = new Intl.DateTimeFormat(language === 'zh' ? 'zh-CN' : 'en-GB', {
      timeZone: zone,
      dateStyle: 'medium',
      timeStyle: 'medium',
    });
    return t('replay.at', { time: format.format(at) });
  }, [at, language, t, zone]);
  return (
    <output className="replay-moment" data-testid="moment" data-at={at === null ? '' : Math.round(at)}>
      {text}
    </output>
  );
}

/** Keep the moment in the address: after a pause or a jump at once, while playing now and then. */
function useMomentInAddress(screen: Props['screen'], shown: Props['page'], player: Player): void {
  const rounded = Math.round(player.at / 1000) * 1000;
  const write = useEffectEvent((at = rounded) => {
    if (at !== 0 && at !== shown.at) screen.go({ ...shown, at });
  });
  useEffect(() => {
    if (!player.playing) return undefined;
    const timer = setInterval(() => write(), ADDRESS_EVERY_MS);
    return () => clearInterval(timer);
  }, [player.playing]);
  const resting = player.playing ? 0 : rounded;
  useEffect(() => {
    const timer = setTimeout(() => write(resting), REST_MS);
    return () => clearTimeout(timer);
  }, [resting]);
}

/** Where the chosen officers came from. */
function useTrails(
  map: MapView | null,
  model: ReplayModel | null,
  player: Player,
  chosen: string | null,
  only: readonly string[],
): void {
  useEffect(() => {
    if (!map || !model) return;
    const wanted = new Set([...(chosen ? [chosen] : []), ...only].slice(0, TRAILS));
    const tracks = model.clip.tracks.filter((track) => wanted.has(track.device));
    const trails = tracks.map((track): Step[] => {
      const last = lastBefore(track.t, player.at);
      const first = Math.max(0, lastBefore(track.t, player.at - TRAIL_MS));
      return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => ({
        t: track.t[first + i],
        lat: track.lat[first + i],
        lng: track.lon[first + i],
        spd: null,
      }));
    });
    map.setTracks(trails);
  }, [map, model, player.at, chosen, only]);
  useEffect(() => {
    if (!model) return;
    const slot = chosen === null ? undefined : model.slots.get(chosen);
    model.fleet.select(new Set(slot === undefined ? [] : [slot]));
    model.positionsChanged();
  }, [model, chosen]);
}

/** Space plays and pauses, N and P jump between alerts. */
function useReplayKeys(model: ReplayModel | null, player: Player): void {
  const jump = (way: 1 | -1) => () => {
    const calls = model?.clip.calls ?? [];
    const next = way > 0 ? calls.find((at) => at > player.at) : calls.findLast((at) => at < player.at - 1000);
    if (next !== undefined) player.seek(next);
  };
  useKeys({ ' ': player.toggle, n: jump(1), p: jump(-1) }, model !== null);
}
