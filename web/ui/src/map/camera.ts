// The MapLibre map as this page wants it, and where it looks.

import { Map as MLMap, prewarm, ScaleControl, setWorkerUrl } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import 'maplibre-gl/dist/maplibre-gl.css';
import type { View } from '../live/messages.ts';
import type { Place } from '../screens/url.ts';
import type { GroundStyle } from '../ground/ground.ts';
import type { CitySources } from './cells.ts';
import type { Box } from './shapes.ts';
import { type Look, style } from './style.ts';

setWorkerUrl(workerUrl); // without it the map stays blank; only the network log shows why
prewarm(); // the worker starts while the city is still to come

/** Room for the panels when a place is brought into view, px. */
const PADDING = { top: 84, bottom: 120, left: 60, right: 60 };
const WIDE_PADDING = { ...PADDING, left: 380 };
/** From this width on the list of alerts is open at first, px. */
const WIDE = 1000;
/** Share of its height that the map leaves to panels below at most. */
const MOST_HIDDEN = 0.55;
const GAP = 12;
const FLIGHT_MS = 900;
/** Where the map looks until it knows the cells: the middle of Huizhou. */
const NOWHERE: Place = { lng: 114.41, lat: 23.09, zoom: 11 };

/** True when the viewer asked their system for less movement. */
const calm = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;

/** A map seen from straight above, north up. */
export function createMap(
  container: HTMLElement,
  look: Look,
  ground: GroundStyle,
  city: CitySources,
  place: Place | null,
  label: string,
): MLMap {
  const { lng, lat, zoom } = place ?? NOWHERE;
  const map = new MLMap({
    container,
    style: style(look, ground, city),
    center: [lng, lat],
    zoom,
    minZoom: 7,
    maxZoom: 19,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    renderWorldCopies: false,
    attributionControl: false,
    fadeDuration: 150,
    localIdeographFontFamily: ground.ideographs
      ? false
      : '"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif',
    locale: { 'Map.Title': label },
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new ScaleControl({ unit: 'metric', maxWidth: 90 }), 'bottom-right');
  return map;
}

/** How much of the map's height the bar of the replay and what stands on it take, px. */
function hiddenBelow(): number {
  const panels = [...document.querySelectorAll<HTMLElement>('.replay, .legend')];
  return panels.reduce((sum, panel) => sum + panel.offsetHeight + GAP, GAP);
}

export class Camera {
  private readonly map: MLMap;

  constructor(map: MLMap) {
    this.map = map;
  }

  /** Go to a place, no further out than the map is now. */
  flyTo(lng: number, lat: number, zoom: number): void {
    const options = { center: [lng, lat] as [number, number], zoom: Math.max(zoom, this.map.getZoom()) };
    if (calm()) this.map.jumpTo(options);
    else this.map.flyTo({ ...options, duration: FLIGHT_MS, essential: true });
  }

  /** Go to a place at exactly this zoom. */
  goTo(lng: number, lat: number, zoom: number): void {
    this.map.flyTo({ center: [lng, lat], zoom, duration: calm() ? 0 : 2 * FLIGHT_MS, essential: true });
  }

  /** Look exactly there, at once. */
  jumpTo({ lng, lat, zoom }: Place): void {
    this.map.jumpTo({ center: [lng, lat], zoom });
  }

  /** Bring an extent into view. */
  fit(box: Box, animate = true): void {
    const { clientWidth, clientHeight } = this.map.getContainer();
    const usual = clientWidth > WIDE ? WIDE_PADDING : PADDING;
    const replay = document.querySelector('.replay') !== null;
    const padding = replay ? { ...PADDING, bottom: Math.min(MOST_HIDDEN * clientHeight, hiddenBelow()) } : usual;
    this.map.fitBounds(box, { padding, maxZoom: 16, duration: animate && !calm() ? FLIGHT_MS : 0 });
  }

  /** Whether all of an extent is in view, behind panels or not. */
  holds([west, south, east, north]: Box): boolean {
    const bounds = this.map.getBounds();
    return bounds.contains([west, south]) && bounds.contains([east, north]);
  }

  /** Move on without leaving the zoom, over `duration` ms. */
  glideTo(lng: number, lat: number, duration: number): void {
    this.map.easeTo({ center: [lng, lat], duration: calm() ? 0 : 0.95 * duration, easing: (part) => part });
  }

  zoomBy(step: number): void {
    this.map.zoomTo(this.map.getZoom() + step, { duration: calm() ? 0 : 250 });
  }

  /** What the live connection is asked for. */
  view(): View {
    const bounds = this.map.getBounds();
    const clamp = (value: number, most: number): number => Math.max(-most, Math.min(most, value));
    const bbox: View['bbox'] = [
      clamp(bounds.getWest(), 180),
      clamp(bounds.getSouth(), 85),
      clamp(bounds.getEast(), 180),
      clamp(bounds.getNorth(), 85),
    ];
    return { bbox, zoom: this.map.getZoom(), selected: [] };
  }

  place(): Place {
    const { lng, lat } = this.map.getCenter();
    return { lng, lat, zoom: this.map.getZoom() };
  }
}
