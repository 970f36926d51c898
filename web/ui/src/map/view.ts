// The map: MapLibre below for cells, outlines and labels, deck.gl above for officers. Loaded apart from the page's shell.

import { MapLibreOverlay } from '@deck.gl/maplibre';
import type { FeatureCollection, Point } from 'geojson';
import { type GeoJSONSource, Map as MLMap, ScaleControl, setWorkerUrl } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import 'maplibre-gl/dist/maplibre-gl.css';
import type { Cells } from '../api.ts';
import { eventClass } from '../i18n/catalogue.ts';
import { latitude, longitude, mercatorX, mercatorY } from '../live/mercator.ts';
import type { View } from '../live/messages.ts';
import type { LiveModel } from '../live/model.ts';
import type { Area, CellState, Event } from '../types.ts';
import type { Place, Selection } from '../url.ts';
import { borders } from './borders.ts';
import { eventImages, IMAGE_RATIO, markImages, patternImages } from './images.ts';
import { OfficersLayer, type OfficersView, pointSize } from './officers.ts';
import { PALETTES, type Theme } from './palette.ts';
import { type Box, extent, labels } from './shapes.ts';
import { SOURCES, style } from './style.ts';
import { type Step, trackLines } from './trackline.ts';

setWorkerUrl(workerUrl);

const COUNTS_EVERY_MS = 500;
/** Room for the panels when the map shows all cells, px. */
const PADDING = { top: 84, bottom: 120, left: 60, right: 60 };
const WIDE_PADDING = { ...PADDING, left: 380 };

export interface MapEvents {
  onSelect(selection: Selection | null): void;
  onView(view: View, place: Place): void;
  onHover(hover: { slot: number; x: number; y: number } | null): void;
  onError(error: Error): void;
}

export class MapView {
  readonly map: MLMap;
  /** All of the map has been drawn once. */
  ready = false;
  /** The style has its images; nothing may use them earlier. */
  private dressed = false;
  private readonly model: LiveModel;
  private readonly events: MapEvents;
  private readonly officers: OfficersView;
  private readonly layer: OfficersLayer;
  private readonly overlay: MapLibreOverlay;
  private readonly codes = new Map<number, string>();
  private readonly ids = new Map<string, number>();
  private box: Box | null = null;
  private cells: Cells | null = null;
  private areas: readonly Area[] = [];
  private theme: Theme;
  private selectedCode: string | null = null;
  private selectedCell: number | undefined;
  private only: CellState | null = null;
  private trackSteps: readonly Step[] = [];
  private shownEvents: readonly Event[] = [];
  private frame = 0;
  private countsAt = 0;

  constructor(
    container: HTMLElement,
    model: LiveModel,
    theme: Theme,
    place: Place | null,
    label: string,
    events: MapEvents,
  ) {
    this.model = model;
    this.events = events;
    this.theme = theme;
    this.officers = { fleet: model.fleet, colours: PALETTES[theme].officer, now: () => performance.now() };
    this.layer = new OfficersLayer({ id: 'officers', view: this.officers });
    this.map = createMap(container, theme, place, label);
    this.overlay = new MapLibreOverlay({
      interleaved: false,
      layers: [this.layer],
      useDevicePixels: true,
      deviceProps: { webgl: { antialias: false } },
      onError: (error) => events.onError(error),
    });
    this.map.addControl(this.overlay);
    this.listen();
    model.onPositions = () => this.positionsChanged();
    model.onCells = (ids) => this.paintCells(ids);
  }

  /** Take the map off the page. */
  destroy(): void {
    cancelAnimationFrame(this.frame);
    this.model.onPositions = () => {};
    this.model.onCells = () => {};
    this.map.removeControl(this.overlay);
    this.map.remove();
  }

  /** Show these cells; the first time, all of them are brought into view unless the address named a place. */
  setCells(cells: Cells, areas: readonly Area[]): void {
    const first = this.cells === null && !location.hash.includes('map=');
    this.cells = cells;
    this.areas = areas;
    this.box = extent(cells);
    this.codes.clear();
    this.ids.clear();
    for (const { id, properties } of cells.features) {
      this.codes.set(Number(id), properties.code);
      this.ids.set(properties.code, Number(id));
    }
    if (this.box) {
      const [west, south, east, north] = this.box;
      this.model.fleet.setOrigin(mercatorX((west + east) / 2), mercatorY((south + north) / 2));
    }
    this.draw();
    if (first) this.showAll(false);
  }

  setTheme(theme: Theme): void {
    if (theme === this.theme) return;
    this.theme = theme;
    this.officers.colours = PALETTES[theme].officer;
    this.dressed = false;
    this.map.setStyle(style(PALETTES[theme]), { diff: false });
  }

  /** Outline the chosen cell, now or as soon as it is known. */
  selectCell(code: string | null): void {
    this.selectedCode = code;
    if (this.selectedCell !== undefined) this.setState(this.selectedCell, { selected: false });
    this.selectedCell = code === null ? undefined : this.ids.get(code);
    if (this.selectedCell !== undefined) this.setState(this.selectedCell, { selected: true });
  }

  /** Let one state stand out, or none. */
  showOnly(state: CellState | null): void {
    this.only = state;
    this.paintCells([...this.codes.keys()]);
  }

  setTrack(steps: readonly Step[]): void {
    this.trackSteps = steps;
    this.source('track')?.setData(trackLines(steps));
  }

  setEvents(events: readonly Event[]): void {
    this.shownEvents = events;
    const now = this.model.serverNow();
    const features = events.map((event): FeatureCollection<Point>['features'][number] => ({
      type: 'Feature',
      geometry: { type: 'Point', coordinates: [event.lon, event.lat] },
      properties: {
        id: event.id,
        head: eventClass(event.type) ?? '',
        opacity: Math.max(0.35, 1 - (now - Date.parse(event.t)) / 5_400_000),
      },
    }));
    this.source('events')?.setData({ type: 'FeatureCollection', features });
  }

  flyTo(lng: number, lat: number, zoom: number): void {
    const options = { center: [lng, lat] as [number, number], zoom: Math.max(zoom, this.map.getZoom()) };
    if (calm()) this.map.jumpTo(options);
    else this.map.flyTo({ ...options, duration: 900, essential: true });
  }

  /** Bring an extent into view. */
  fit(box: Box, animate = true, maxZoom = 16): void {
    const wide = this.map.getContainer().clientWidth > 1100;
    const padding = wide ? WIDE_PADDING : PADDING;
    this.map.fitBounds(box, { padding, maxZoom, duration: animate && !calm() ? 900 : 0 });
  }

  showAll(animate = true): void {
    if (this.box) this.fit(this.box, animate);
  }

  /** Move on without leaving the zoom, over `duration` ms. */
  glideTo(lng: number, lat: number, duration: number): void {
    this.map.easeTo({ center: [lng, lat], duration: calm() ? 0 : 0.95 * duration, easing: (part) => part });
  }

  zoomBy(step: number): void {
    this.map.zoomTo(this.map.getZoom() + step, { duration: calm() ? 0 : 250 });
  }

  /** Where a device is drawn now. */
  locate(slot: number): { lng: number; lat: number } | undefined {
    const officer = this.model.fleet.officer(slot, performance.now());
    return officer && { lng: longitude(officer.x), lat: latitude(officer.y) };
  }

  setLabel(label: string): void {
    this.map.getCanvas().setAttribute('aria-label', label);
  }

  private listen(): void {
    const { map } = this;
    map.on('style.load', () => this.styled());
    map.once('idle', () => {
      this.ready = true;
    });
    map.once('load', () => this.viewChanged());
    map.on('moveend', () => this.viewChanged());
    map.on('move', () => this.viewMoves());
    map.on('click', (event) => this.events.onSelect(this.pick(event.point)));
    map.on('mousemove', (event) => this.hover(event.point));
    map.on('mouseout', () => this.events.onHover(null));
    map.on('error', ({ error }) => this.events.onError(new Error(error.message)));
  }

  private viewMoves(): void {
    this.events.onHover(null);
    this.events.onView(this.view(), this.place());
  }

  private viewChanged(): void {
    this.events.onView(this.view(), this.place());
  }

  private view(): View {
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

  private place(): Place {
    const { lng, lat } = this.map.getCenter();
    return { lng, lat, zoom: this.map.getZoom() };
  }

  private pick(point: { x: number; y: number }): Selection | null {
    const slot = this.officerAt(point, 8);
    const name = slot === undefined ? undefined : this.model.names.get(slot);
    if (name) return { kind: 'officer', id: name.id };
    const at: [number, number] = [point.x, point.y];
    const [hit] = this.map.queryRenderedFeatures(at, { layers: ['events-icon', 'cells-fill'] });
    if (hit?.layer.id === 'events-icon') return { kind: 'event', id: String(hit.properties.id) };
    const code = hit && this.codes.get(Number(hit.id));
    return code ? { kind: 'cell', id: code } : null;
  }

  private officerAt(point: { x: number; y: number }, slack: number): number | undefined {
    const { lng, lat } = this.map.unproject([point.x, point.y]);
    const zoom = this.map.getZoom();
    const radius = (pointSize(zoom) / 2 + slack) / (512 * 2 ** zoom);
    return this.model.fleet.nearest(mercatorX(lng), mercatorY(lat), radius, performance.now())?.slot;
  }

  private hover(point: { x: number; y: number }): void {
    if (this.map.isMoving()) return;
    const slot = this.officerAt(point, 3);
    this.map.getCanvas().style.cursor = slot === undefined ? '' : 'pointer';
    this.events.onHover(slot === undefined ? null : { slot, x: point.x, y: point.y });
  }

  private positionsChanged(): void {
    this.animate();
    const now = performance.now();
    if (now - this.countsAt < COUNTS_EVERY_MS) return;
    this.countsAt = now;
    this.drawCounts();
  }

  /** Redraw the officers in every frame for as long as one of them glides. */
  private animate(): void {
    if (this.frame) return;
    const step = (): void => {
      this.frame = 0;
      this.layer.setNeedsRedraw();
      if (this.model.fleet.isGliding(performance.now())) this.frame = requestAnimationFrame(step);
    };
    this.frame = requestAnimationFrame(step);
  }

  private countsShown = false;

  private drawCounts(): void {
    const { counts } = this.model.fleet;
    if (counts.size === 0 && !this.countsShown) return;
    this.countsShown = counts.size > 0;
    const features = [...counts.values()].map(({ x, y, count }): FeatureCollection<Point>['features'][number] => ({
      type: 'Feature',
      geometry: { type: 'Point', coordinates: [longitude(x), latitude(y)] },
      properties: { count },
    }));
    this.source('counts')?.setData({ type: 'FeatureCollection', features });
  }

  private styled(): void {
    const palette = PALETTES[this.theme];
    for (const images of [patternImages(palette), markImages(palette), eventImages(palette)]) {
      for (const [name, image] of Object.entries(images)) {
        if (!this.map.hasImage(name)) this.map.addImage(name, image, { pixelRatio: IMAGE_RATIO });
      }
    }
    this.dressed = true;
    this.draw();
    this.setTrack(this.trackSteps);
    this.setEvents(this.shownEvents);
    this.animate();
  }

  private draw(): void {
    if (!this.cells || !this.source('cells')) return;
    const lines = borders(this.cells);
    this.source('cells')?.setData(this.cells);
    this.source('grids')?.setData(lines.grid);
    this.source('streets')?.setData(lines.street);
    this.source('city')?.setData(lines.city);
    this.source('labels')?.setData(withIds(labels(this.cells, this.areas)));
    this.paintCells([...this.codes.keys()]);
    this.selectCell(this.selectedCode);
  }

  private paintCells(ids: readonly number[]): void {
    if (!this.source('cells')) return;
    for (const id of ids) {
      const { state } = this.model.cell(id);
      this.setState(id, { state, muted: this.only !== null && this.only !== state });
    }
  }

  private setState(id: number, state: Record<string, unknown>): void {
    if (!this.source('cells')) return;
    this.map.setFeatureState({ source: 'cells', id }, state);
    this.map.setFeatureState({ source: 'labels', id }, state);
  }

  private source(name: keyof typeof SOURCES): GeoJSONSource | undefined {
    return this.dressed ? this.map.getSource<GeoJSONSource>(name) : undefined;
  }
}

/** True when the viewer asked their system for less movement. */
const calm = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches;

/** Labels of cells carry the id of their cell, so that marks follow the same feature-state. */
const withIds = (collection: ReturnType<typeof labels>): ReturnType<typeof labels> => ({
  ...collection,
  features: collection.features.map((feature) => ({ ...feature, id: feature.properties.cell })),
});

function createMap(container: HTMLElement, theme: Theme, place: Place | null, label: string): MLMap {
  const map = new MLMap({
    container,
    style: style(PALETTES[theme]),
    center: place ? [place.lng, place.lat] : [114.41, 23.09],
    zoom: place?.zoom ?? 11,
    minZoom: 7,
    maxZoom: 19,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    renderWorldCopies: false,
    attributionControl: false,
    fadeDuration: 150,
    localIdeographFontFamily: '"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif',
    locale: { 'Map.Title': label },
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new ScaleControl({ unit: 'metric', maxWidth: 90 }), 'bottom-right');
  return map;
}
