// What the viewer looks at, kept in the address: back, reload and a sent link bring the same screen.

import { type RefObject, useCallback, useEffect, useEffectEvent, useRef, useState } from 'react';
import type { View } from '../live/messages.ts';
import {
  type Address,
  LIVE,
  type Page,
  type Place,
  readAddress,
  screenOf,
  type Selection,
  writeAddress,
} from './url.ts';

const ADDRESS_EVERY_MS = 400;

/** The view the map shows now; null before the first. */
export type Seen = Readonly<RefObject<{ view: View; place: Place } | null>>;

export interface Screen {
  selection: Selection | null;
  page: Page;
  seen: Seen;
  /** Tell what the map shows now. */
  look(view: View, place: Place): void;
  /** Where the address wants the map to look; changes when the viewer goes back or pastes another address. */
  place: Place | null;
  select(selection: Selection | null): void;
  go(page: Page): void;
}

/** The screen as the address has it, and the address as the screen has it. */
export function useScreen(): Screen {
  const [address, setAddress] = useState<Address>(() => readAddress(location.hash));
  const seen = useRef<{ view: View; place: Place } | null>(null);
  // The fragment as it was last read or written here.
  const known = useRef(location.hash);
  const read = useEffectEvent(() => {
    known.current = location.hash;
    setAddress(readAddress(location.hash));
  });
  const write = useEffectEvent((wanted: Address) => {
    // Somebody went elsewhere and the event that tells of it is still to come: writing now would take him back.
    if (location.hash !== known.current) {
      read();
      return;
    }
    const now = { ...wanted, place: seen.current?.place ?? wanted.place };
    const hash = writeAddress(now);
    if (hash === location.hash) return;
    // A first visit has no fragment: that is not a screen to go back to.
    const another = location.hash !== '' && screenOf(readAddress(location.hash)) !== screenOf(now);
    if (another) history.pushState(null, '', hash);
    else history.replaceState(null, '', hash);
    known.current = location.hash;
  });
  useEffect(() => {
    write(address);
    const timer = setInterval(() => write(address), ADDRESS_EVERY_MS);
    return () => clearInterval(timer);
  }, [address]);
  useEffect(() => {
    const heard = (): void => read();
    addEventListener('hashchange', heard);
    return () => removeEventListener('hashchange', heard);
  }, []);
  const select = useCallback((selection: Selection | null) => setAddress((old) => ({ ...old, selection })), []);
  const go = useCallback(
    (page: Page) =>
      setAddress((old) => ({
        ...old,
        page,
        // A card belongs to what is shown: another page begins without one, but for the settings above it.
        selection: page.kind === old.page.kind || page.kind === 'settings' ? old.selection : null,
      })),
    [],
  );
  const look = useCallback((view: View, place: Place) => {
    seen.current = { view, place };
  }, []);
  return { selection: address.selection, page: address.page, seen, look, place: address.place, select, go };
}

/** Leave a page for the live map. */
export const toLive = (screen: Screen) => (): void => screen.go(LIVE);
