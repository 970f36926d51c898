// The fetched city; it is fetched again when the live data belongs to another version.

import { useEffect, useEffectEvent, useState } from 'react';
import * as api from './api.ts';
import { type City, indexCity, NO_CITY } from './city.ts';
import { useModel, useSignal } from '../parts/hooks.ts';
import { backoff } from '../live/connection.ts';

export interface FetchedCity {
  city: City;
  error: Error | null;
  ready: boolean;
}

/** `vain` counts the latest fetches that gave the same version again. */
const NOT_FETCHED = { city: NO_CITY, error: null as Error | null, ready: false, vain: 0 };

/** Cells and areas of the city. */
export async function fetchCity(): Promise<City> {
  const [cells, areas] = await Promise.all([api.cells(), api.areas()]);
  return indexCity(cells, areas);
}

/**
 * The city, fetched again while its version differs from that of the live data: an answer may be older than a change,
 * or come from a process that has not seen it. `first` is the fetch that began with the page.
 */
export function useFetchedCity(first: Promise<City>): FetchedCity {
  const published = useSignal(useModel().city);
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
    if (!fetched.ready || published === null || published === fetched.city.cells.city) return undefined;
    const wait = fetched.vain === 0 ? 0 : backoff(fetched.vain - 1, Math.random());
    const timer = setTimeout(() => void take(fetchCity()), wait);
    return () => clearTimeout(timer);
  }, [published, fetched]);
  return fetched;
}
