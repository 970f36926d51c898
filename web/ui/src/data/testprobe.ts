// What a test can read of the running page; nothing in the page itself uses it.

import { latitude, longitude } from '../live/mercator.ts';
import type { LiveModel } from '../live/model.ts';

export interface Probe {
  /** The map is drawn and positions have arrived. */
  readonly ready: boolean;
  stats(): {
    positions: number;
    cells: number;
    alerts: number;
    link: string;
    /** Slots with the place where each officer is drawn now. */
    officers: { slot: number; lng: number; lat: number; freshness: number }[];
  };
}

declare global {
  interface Window {
    __patrol?: Probe;
  }
}

/** Put the probe on the window. */
export function install(model: LiveModel, isDrawn: () => boolean): void {
  window.__patrol = {
    get ready() {
      return isDrawn() && model.dataAt.get() !== null;
    },
    stats: () => ({
      positions: model.fleet.size,
      cells: model.cells.size,
      alerts: model.alerts.get().length,
      link: model.link.get().state,
      officers: [...model.fleet.heldSlots()].flatMap((slot) => {
        const officer = model.fleet.officer(slot, performance.now());
        return officer
          ? [{ slot, lng: longitude(officer.x), lat: latitude(officer.y), freshness: officer.freshness }]
          : [];
      }),
    }),
  };
}
