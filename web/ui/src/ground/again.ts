// Asks again for a ground of which a part could not be had: a page is open all day, and outlives its servers.

import type { Map as MLMap } from 'maplibre-gl';
import { SOURCE } from './layers.ts';

/** Between two tries at first, ms; each one in vain doubles it. */
export const AGAIN_MS = 15_000;
const MOST_MS = 240_000;

export class GroundAgain {
  private readonly map: Pick<MLMap, 'refreshTiles' | 'getSource'>;
  private readonly onLost: (lost: boolean) => void;
  private failed = false;
  private wait = AGAIN_MS;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(map: GroundAgain['map'], onLost: (lost: boolean) => void) {
    this.map = map;
    this.onLost = onLost;
  }

  /** Take note of a fault of the map in a source; false when that is not the ground. */
  take(sourceId: string | undefined): boolean {
    if (sourceId !== SOURCE) return false;
    this.failed = true;
    this.onLost(true);
    this.timer ??= setTimeout(() => this.again(), this.wait);
    return true;
  }

  destroy(): void {
    clearTimeout(this.timer);
  }

  /** Asks for the whole view: MapLibre 6.17 draws a raster tile of a list that failed before it has a picture, and throws. */
  private again(): void {
    this.timer = undefined;
    if (!this.failed) {
      this.wait = AGAIN_MS;
      this.onLost(false);
      return;
    }
    this.failed = false;
    this.timer = setTimeout(() => this.again(), this.wait);
    this.wait = Math.min(2 * this.wait, MOST_MS);
    if (this.map.getSource(SOURCE)) this.map.refreshTiles(SOURCE);
  }
}
