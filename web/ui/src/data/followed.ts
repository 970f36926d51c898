// The chosen officer: always sent, brought into view, and followed.

import { useEffect } from 'react';
import * as api from './api.ts';
import { useModel, useSignal } from '../parts/hooks.ts';
import type { Connection } from '../live/connection.ts';
import type { LiveModel } from '../live/model.ts';
import type { MapView } from '../map/view.ts';
import type { Seen } from '../screens/screen.ts';
import type { Selection } from '../screens/url.ts';

const OFFICER_ZOOM = 15.5;
const FOLLOW_EVERY_MS = 1000;

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
    model.positionsChanged();
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
