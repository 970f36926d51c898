// The map: MapLibre for cells, outlines and labels, and a canvas above it for officers. Loaded apart from the page's shell.

import type { Position } from 'geojson';
import type { Map as MLMap } from 'maplibre-gl';
import type { Cells } from '../data/api.ts';
import type { City } from '../data/city.ts';
import { GroundAgain } from '../ground/again.ts';
import type { GroundStyle } from '../ground/ground.ts';
import { latitude, longitude, mercatorX, mercatorY } from '../live/mercator.ts';
import type { View } from '../live/messages.ts';
import type { LiveModel } from '../live/model.ts';
import { Signal } from '../parts/signal.ts';
import type { Area, CellState, Event } from '../data/types.ts';
import type { Place } from '../screens/url.ts';
import { Camera, createMap } from './camera.ts';
import { CellsOnMap, citySources } from './cells.ts';
import { Draw, type DrawEvents } from './draw.ts';
import { Extras, type Way } from './extras.ts';
import { eventImages, IMAGE_RATIO, markImages } from './images.ts';
import { OfficersCanvas, type OfficersView } from './webgl/officers.ts';
import { PALETTES } from './palette.ts';
import { Pointer } from './pointer.ts';
import { type Look, style } from './style.ts';
import type { Step } from './trackline.ts';

const COUNTS_EVERY_MS = 500;

/** What the map shows: what the live connection is asked for, and the place in the address. */
export interface Shown {
  view: View;
  place: Place;
}

export class MapView {
  readonly camera: Camera;
  readonly pointer: Pointer;
  /** Null until it is known where the city is. */
  readonly shown = new Signal<Shown | null>(null);
  /** Part of the ground cannot be had. */
  readonly groundLost = new Signal(false);
  /** The city has been drawn once. */
  ready = false;
  private readonly map: MLMap;
  private readonly model: LiveModel;
  private readonly cells: CellsOnMap;
  private readonly officers: OfficersView;
  private readonly canvas: OfficersCanvas;
  private ground: GroundStyle;
  private readonly groundAgain: GroundAgain;
  private look: Look;
  /** The style has its images; nothing may use them earlier. */
  private dressed = false;
  private fitted: boolean;
  private readonly extras: Extras;
  private readonly endings: readonly (() => void)[];
  private draw: Draw | null = null;
  private frame = 0;
  private countsAt = 0;
  private countsShown = false;

  constructor(
    container: HTMLElement,
    model: LiveModel,
    look: Look,
    ground: GroundStyle,
    { cells, areas }: Pick<City, 'cells' | 'areas'>,
    place: Place | null,
    label: string,
  ) {
    this.model = model;
    this.look = look;
    this.ground = ground;
    this.fitted = place !== null;
    const sources = citySources(cells, areas);
    this.map = createMap(container, look, ground, sources, place, label);
    this.groundAgain = new GroundAgain(this.map, (lost) => this.groundLost.set(lost));
    this.camera = new Camera(this.map);
    this.cells = new CellsOnMap(this.map, model, cells, sources);
    this.extras = new Extras(this.map);
    this.officers = { fleet: model.fleet, colours: PALETTES[look.theme].officer, now: () => performance.now() };
    this.canvas = new OfficersCanvas(this.map, this.officers);
    this.pointer = new Pointer(this.map, model, this.cells, () => this.draw !== null);
    this.moveIn();
    this.listen();
    this.endings = [
      model.positionsVersion.subscribe(() => this.positionsChanged()),
      model.changedCells.subscribe(() => {
        if (this.dressed) this.cells.paint(model.changedCells.get());
      }),
    ];
  }

  /** Take the map off the page. */
  destroy(): void {
    cancelAnimationFrame(this.frame);
    this.draw?.cancel();
    this.groundAgain.destroy();
    for (const end of this.endings) end();
    this.canvas.destroy();
    this.map.remove();
  }

  /** Show these cells; the first time, all of them are brought into view unless the address named a place. */
  setCells(cells: Cells, areas: readonly Area[]): void {
    if (!this.cells.take(cells, areas)) return;
    if (this.dressed) this.cells.dress(PALETTES[this.look.theme], this.ground.source !== null);
    this.moveIn();
  }

  /** Measure places from the middle of the city, and look at it once. */
  private moveIn(): void {
    if (!this.cells.box) return;
    const [west, south, east, north] = this.cells.box;
    this.model.fleet.setOrigin(mercatorX((west + east) / 2), mercatorY((south + north) / 2));
    if (!this.fitted) this.showAll(false);
    this.fitted = true;
  }

  setLook(look: Look): void {
    const named = this.ground.source?.type === 'vector';
    if (look.theme === this.look.theme && (look.language === this.look.language || !named)) return;
    this.look = look;
    this.officers.colours = PALETTES[look.theme].officer;
    this.restyle();
  }

  /** Lay the city on this ground. */
  setGround(ground: GroundStyle): void {
    if (ground === this.ground) return;
    this.ground = ground;
    this.restyle();
  }

  /** Outline the chosen cell. */
  selectCell(code: string | null): void {
    this.cells.select(code);
  }

  /** Let one state stand out, or none. */
  showOnly(state: CellState | null): void {
    this.cells.showOnly(state);
  }

  /** Draw tracks, each faint where it is old. */
  setTracks(tracks: readonly (readonly Step[])[]): void {
    this.extras.setTracks(tracks);
  }

  setEvents(events: readonly Event[]): void {
    this.extras.setEvents(events, this.model.serverNow());
  }

  /** Ways that the server proposes officers to go. */
  setWays(ways: readonly Way[]): void {
    this.extras.setWays(ways);
  }

  /** Show an area; empty: none. */
  setArea(ring: readonly Position[]): void {
    this.extras.setArea(ring);
  }

  /** Let the viewer draw an area; what was begun before is given up. */
  beginDrawing(events: DrawEvents): Draw {
    this.draw?.cancel();
    const draw = new Draw(this.map, {
      onChange: (ring) => {
        this.extras.setArea(ring);
        events.onChange(ring);
      },
      onDone: (ring) => {
        if (this.draw === draw) this.draw = null;
        events.onDone(ring);
      },
    });
    this.draw = draw;
    return draw;
  }

  showAll(animate = true): void {
    if (this.cells.box) this.camera.fit(this.cells.box, animate);
  }

  /** Bring all cells out from behind the panels, where all of them are in view. */
  clearView(): void {
    if (this.cells.box && this.camera.holds(this.cells.box)) this.showAll(false);
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
    const look = (): void => this.shown.set({ view: this.camera.view(), place: this.camera.place() });
    map.on('style.load', () => this.dress());
    // The map has no style then, and loads it again when the graphics are back.
    map.on('webglcontextlost', () => this.undress());
    if (this.fitted) look();
    map.once('load', look); // where there are no cells to look at
    map.on('render', () => {
      if (!this.ready && this.cells.areLoaded()) this.beReady();
    });
    map.once('idle', () => this.beReady());
    map.on('move', look);
    map.on('error', (event) => {
      // Without a tile the ground stays plain, and the page shows a notice.
      const { sourceId } = event as { sourceId?: string };
      if (!this.groundAgain.take(sourceId)) console.error(new Error(event.error.message));
    });
  }

  private restyle(): void {
    this.undress();
    this.map.setStyle(style(this.look, this.ground, this.cells.forStyle()), { diff: false });
  }

  /** There is no style to write into until the next one is loaded. */
  private undress(): void {
    this.dressed = false;
    this.cells.undress();
    this.extras.undress();
  }

  /** Give a style that has just been loaded its images and data. */
  private dress(): void {
    const palette = PALETTES[this.look.theme];
    for (const images of [markImages(palette), eventImages(palette)]) {
      for (const [name, image] of Object.entries(images)) {
        if (!this.map.hasImage(name)) this.map.addImage(name, image, { pixelRatio: IMAGE_RATIO });
      }
    }
    this.dressed = true;
    this.cells.dress(palette, this.ground.source !== null);
    this.extras.dress();
    this.drawCounts();
    this.animate();
  }

  /** The city is drawn: from now on officers may glide. */
  private beReady(): void {
    this.ready = true;
    this.map.getContainer().dataset.ready = 'true';
    this.animate();
  }

  private positionsChanged(): void {
    this.animate();
    const now = performance.now();
    if (now - this.countsAt < COUNTS_EVERY_MS) return;
    this.countsAt = now;
    this.drawCounts();
  }

  /** Redraw the officers: once while the city is still to be drawn, then in every frame while one of them glides. */
  private animate(): void {
    if (this.frame) return;
    const step = (): void => {
      this.frame = 0;
      this.canvas.draw();
      if (this.ready && this.model.fleet.isGliding(performance.now())) this.frame = requestAnimationFrame(step);
    };
    this.frame = requestAnimationFrame(step);
  }

  private drawCounts(): void {
    const { counts } = this.model.fleet;
    if (counts.size === 0 && !this.countsShown) return;
    this.countsShown = counts.size > 0;
    this.extras.setCounts([...counts.values()].map(({ x, y, count }) => ({ at: [longitude(x), latitude(y)], count })));
  }
}
