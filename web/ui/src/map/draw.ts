// Drawing an area on the map: clicks set corners, double click or Enter ends, Backspace takes one back.

import type { Position } from 'geojson';
import type { Map as MLMap, MapMouseEvent } from 'maplibre-gl';

const MOST_CORNERS = 200;

export interface DrawEvents {
  /** The corners so far. */
  onChange(ring: readonly Position[]): void;
  /** Ended with an area of three corners or more, or with none. */
  onDone(ring: readonly Position[] | null): void;
}

export class Draw {
  private readonly map: MLMap;
  private readonly events: DrawEvents;
  private ring: Position[] = [];
  private on = true;

  constructor(map: MLMap, events: DrawEvents) {
    this.map = map;
    this.events = events;
    map.doubleClickZoom.disable();
    map.getCanvas().style.cursor = 'crosshair';
    map.on('click', this.click);
    map.on('dblclick', this.finish);
    document.addEventListener('keydown', this.key, true);
  }

  /** Stop without an area. */
  cancel(): void {
    this.end(null);
  }

  private readonly click = (event: MapMouseEvent): void => {
    const corner: Position = [event.lngLat.lng, event.lngLat.lat];
    const last = this.ring.at(-1);
    // The second click of a double click is at the place of the first.
    if (last && this.near(last, event.point)) return;
    if (this.ring.length >= 3 && this.near(this.ring[0], event.point)) {
      this.finish();
      return;
    }
    if (this.ring.length < MOST_CORNERS) this.change([...this.ring, corner]);
  };

  private readonly finish = (event?: MapMouseEvent): void => {
    event?.preventDefault();
    if (this.ring.length >= 3) this.end(this.ring);
  };

  private readonly key = (event: KeyboardEvent): void => {
    if (event.target instanceof HTMLElement && event.target.matches('input, select, textarea')) return;
    if (event.key === 'Enter') this.finish();
    else if (event.key === 'Backspace') this.change(this.ring.slice(0, -1));
    else if (event.key === 'Escape') this.cancel();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  private near(corner: Position, at: { x: number; y: number }): boolean {
    const place = this.map.project([corner[0], corner[1]]);
    return Math.hypot(place.x - at.x, place.y - at.y) < 8;
  }

  private change(ring: Position[]): void {
    this.ring = ring;
    this.events.onChange(ring);
  }

  private end(ring: readonly Position[] | null): void {
    if (!this.on) return;
    this.on = false;
    this.map.off('click', this.click);
    this.map.off('dblclick', this.finish);
    document.removeEventListener('keydown', this.key, true);
    this.map.getCanvas().style.cursor = '';
    // The double click that ended the drawing must not zoom.
    setTimeout(() => this.map.doubleClickZoom.enable(), 0);
    this.events.onDone(ring);
  }
}
