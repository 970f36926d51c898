// What the page does besides drawing: fetches the city, keeps address and subscription in step, follows, ages.

import { useEffect, useEffectEvent, useState } from 'react';
import * as api from './api.ts';
import { type City, indexCity, NO_CITY } from './city.ts';
import { useModel, useSignal } from './hooks.ts';
import { type Language, LOCALE, storedLanguage, storeLanguage } from './i18n/index.ts';
import { backoff, type Connection } from './live/connection.ts';
import type { LiveModel } from './live/model.ts';
import type { Theme } from './map/palette.ts';
import type { MapView } from './map/view.ts';
import { storedTheme, storeTheme } from './theme.ts';
import type { Seen } from './screen.ts';
import type { Alert } from './types.ts';
import type { Selection } from './url.ts';

const OFFICER_ZOOM = 15.5;
const EXPIRE_EVERY_MS = 1000;
const FOLLOW_EVERY_MS = 1000;
const READINESS_EVERY_MS = 15_000;

export interface FetchedCity {
  city: City;
  error: Error | null;
  ready: boolean;
}

/** `vain` counts the newest fetches that brought no other city. */
const NOT_FETCHED = { city: NO_CITY, error: null as Error | null, ready: false, vain: 0 };

/** Cells and areas of the city. */
export async function fetchCity(): Promise<City> {
  const [cells, areas] = await Promise.all([api.cells(), api.areas()]);
  return indexCity(cells, areas);
}

/**
 * The city, fetched again while it is another than the one that is told: the answer may be of before a change, or of a
 * process that has not seen it. `first` is under way since the page began.
 */
export function useFetchedCity(first: Promise<City>): FetchedCity {
  const told = useSignal(useModel().city);
  const [fetched, setFetched] = useState(NOT_FETCHED);
  const take = useEffectEvent(async (coming: Promise<City>) => {
    try {
      const city = await coming;
      const inVain = ({ city: had, vain }: typeof NOT_FETCHED) => (had.cells.city === city.cells.city ? vain + 1 : 0);
      setFetched((old) => ({ city, error: null, ready: true, vain: inVain(old) }));
    } catch (error) {
      setFetched((old) => ({ ...old, error: error as Error, ready: true, vain: old.vain + 1 }));
    }
  });
  useEffect(() => void take(first), [first]);
  useEffect(() => {
    if (!fetched.ready || told === null || told === fetched.city.cells.city) return undefined;
    const wait = fetched.vain === 0 ? 0 : backoff(fetched.vain - 1, Math.random());
    const timer = setTimeout(() => void take(fetchCity()), wait);
    return () => clearTimeout(timer);
  }, [told, fetched]);
  return fetched;
}

/** Who is signed in; null until it is known. */
export function useUser(): api.Session | null {
  const [session, setSession] = useState<api.Session | null>(null);
  useEffect(() => {
    api
      .session()
      .then(setSession)
      .catch(() => setSession(null)); // a lost session leads to the sign-in page by itself
  }, []);
  return session;
}

export interface Taste {
  language: Language;
  theme: Theme;
  toggleLanguage(): void;
  toggleTheme(): void;
}

/** Language and theme, set on the root element of the page and remembered. */
export function useTaste(): Taste {
  const [language, setLanguage] = useState<Language>(storedLanguage);
  const [theme, setTheme] = useState<Theme>(storedTheme);
  useEffect(() => {
    document.documentElement.lang = LOCALE[language];
    document.documentElement.dataset.theme = theme;
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

/** Alerts that stand, the gravest first. */
export const useAlerts = (): readonly Alert[] => useSignal(useModel().alerts);

/** Names that must be sent whatever the view. */
export const selectedOf = (selection: Selection | null): string[] =>
  selection?.kind === 'officer' ? [selection.id] : [];

/** Bring an officer into view: where it is drawn, else where its stored newest fix is. */
export async function locateOfficer(map: MapView | null, model: LiveModel, id: string): Promise<void> {
  const slot = model.slots.get(id);
  const drawn = slot === undefined ? undefined : map?.locate(slot);
  if (drawn) {
    map?.camera.flyTo(drawn.lng, drawn.lat, OFFICER_ZOOM);
    return;
  }
  const device = await api.device(id).catch(() => null); // the drawer says that it was not found
  if (device?.last) map?.camera.flyTo(device.last.lon, device.last.lat, OFFICER_ZOOM);
}

/** Keep the chosen officer among those always sent, and marked on the map. */
export function useSubscription(connection: Connection, selection: Selection | null, seen: Seen): void {
  const model = useModel();
  useSignal(model.namesVersion);
  const slot = selection?.kind === 'officer' ? model.slots.get(selection.id) : undefined;
  useEffect(() => {
    if (seen.current) connection.setView({ ...seen.current.view, selected: selectedOf(selection) });
  }, [connection, selection, seen]);
  useEffect(() => {
    model.fleet.select(new Set(slot === undefined ? [] : [slot]));
    model.onPositions();
  }, [model, slot]);
}

/** Keep the map on an officer; null follows nobody. */
export function useFollow(map: MapView | null, id: string | null): void {
  const model = useModel();
  useEffect(() => {
    if (!map || id === null) return undefined;
    const timer = setInterval(() => {
      const slot = model.slots.get(id);
      const drawn = slot === undefined ? undefined : map.locate(slot);
      if (drawn) map.camera.glideTo(drawn.lng, drawn.lat, FOLLOW_EVERY_MS);
    }, FOLLOW_EVERY_MS);
    return () => clearInterval(timer);
  }, [map, id, model]);
}

/** Officers fall silent by the clock even when nothing more is heard of them. */
export function useExpiry(): void {
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

/** Ask now and then whether the whole server can do its work: an open line alone does not say so. */
export function useReadiness(): void {
  const model = useModel();
  useEffect(() => {
    const ask = (): void => {
      if (model.link.get().state !== 'open') return;
      api
        .lacking()
        .then((lacks) => model.lacks.set(lacks))
        .catch(() => undefined); // unreachable: the connection's own state tells
    };
    const timer = setInterval(ask, READINESS_EVERY_MS);
    return () => clearInterval(timer);
  }, [model]);
}

/** Call `close` on Escape. */
export function useEscape(close: () => void): void {
  const press = useEffectEvent((event: KeyboardEvent) => {
    if (event.key === 'Escape') close();
  });
  useEffect(() => {
    // One listener throughout: one that is put anew because of what another did with this key would not hear it.
    const onKey = (event: KeyboardEvent): void => press(event);
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}
