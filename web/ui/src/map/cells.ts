// Cells, outlines and their labels on the map. A change of state moves no geometry.

import type { FeatureCollection, Position } from 'geojson';
import type { GeoJSONSource, Map as MLMap } from 'maplibre-gl';
import type { Cells } from '../data/api.ts';
import { mercatorX, mercatorY } from '../live/mercator.ts';
import type { LiveModel } from '../live/model.ts';
import type { Area, CellState } from '../data/types.ts';
import { borders } from './borders.ts';
import { CellsFill } from './webgl/fill.ts';
import { type Mesh, meshOf } from './webgl/mesh.ts';
import type { Palette } from './palette.ts';
import { type Box, boxOf, extent, isInside, labels } from './shapes.ts';
import { give } from './sources.ts';
import { ABOVE_FILL } from './style.ts';

/** Sources of the style that hold outlines and names. */
const OF_CITY = ['borders', 'labels'] as const;

/** What is in them. */
export type CitySources = Readonly<Record<(typeof OF_CITY)[number], FeatureCollection>>;

/** What the sources hold for these cells. */
export const citySources = (cells: Cells, areas: readonly Area[]): CitySources => ({
  borders: borders(cells),
  labels: withIds(labels(cells, areas)),
});

interface Place {
  /** Of the cell among all. */
  row: number;
  code: string;
  box: Box;
}

export class CellsOnMap {
  /** Extent of all cells; null before there are any. */
  box: Box | null = null;
  private readonly map: MLMap;
  private readonly model: LiveModel;
  /** By the number that live messages use. */
  private readonly places = new Map<number, Place>();
  private cells: Cells;
  private held: CitySources;
  /** What the style on the map has. */
  private inStyle: CitySources;
  private mesh: Mesh;
  private fill: CellsFill | null = null;
  private chosenCode: string | null = null;
  private only: CellState | null = null;

  /** `sources` are of these cells, and the style of the map was made with them. */
  constructor(map: MLMap, model: LiveModel, cells: Cells, sources: CitySources) {
    this.map = map;
    this.model = model;
    this.cells = cells;
    this.held = sources;
    this.inStyle = sources;
    this.mesh = this.cut();
  }

  /** Take other cells; `dress` puts them into the style. False: they are the same. */
  take(cells: Cells, areas: readonly Area[]): boolean {
    if (cells === this.cells) return false;
    this.cells = cells;
    this.held = citySources(cells, areas);
    this.mesh = this.cut();
    return true;
  }

  /** What a new style is made with. */
  forStyle(): CitySources {
    this.inStyle = this.held;
    return this.held;
  }

  /** Whether the map has all that is to be drawn of the city in view. */
  areLoaded(): boolean {
    return this.places.size > 0 && OF_CITY.every((name) => this.map.isSourceLoaded(name));
  }

  /** Code of the cell at a place. */
  at([lng, lat]: Position): string | undefined {
    for (const { row, code, box } of this.places.values()) {
      const [west, south, east, north] = box;
      if (lng < west || lng > east || lat < south || lat > north) continue;
      if (isInside([lng, lat], this.cells.features[row].geometry)) return code;
    }
    return undefined;
  }

  /** Outline the chosen cell, now or as soon as it is known. */
  select(code: string | null): void {
    this.chosenCode = code;
    const features = this.cells.features.filter(({ properties }) => properties.code === code);
    if (this.fill) give(this.map, 'chosen', features);
  }

  /** Let one state stand out, or none. */
  showOnly(state: CellState | null): void {
    this.only = state;
    this.paint([...this.places.keys()]);
  }

  /** Put what is known now into the style on the map; `thin` where cells lie on a ground. */
  dress(palette: Palette, thin: boolean): void {
    if (this.inStyle !== this.held) {
      for (const name of OF_CITY) this.map.getSource<GeoJSONSource>(name)?.setData(this.held[name]);
      this.inStyle = this.held;
    }
    const fill = new CellsFill(this.mesh, this.places.size, palette, thin);
    if (this.map.getLayer(fill.id)) this.map.removeLayer(fill.id);
    this.map.addLayer(fill, ABOVE_FILL);
    this.fill = fill;
    this.paint([...this.places.keys()]);
    this.select(this.chosenCode);
  }

  /** The style is gone. */
  undress(): void {
    this.fill?.onRemove();
    this.fill = null;
  }

  /** Colour these cells by their state now. */
  paint(ids: readonly number[]): void {
    if (!this.fill) return;
    for (const id of ids) {
      const place = this.places.get(id);
      if (!place) continue;
      const { state } = this.model.cell(id);
      const muted = this.only !== null && this.only !== state;
      this.fill.setState(place.row, state, muted);
      this.map.setFeatureState({ source: 'labels', id }, { state, muted });
    }
    this.map.triggerRepaint();
  }

  private cut(): Mesh {
    this.box = extent(this.cells);
    this.places.clear();
    this.cells.features.forEach(({ id, geometry, properties }, row) => {
      const box = boxOf([geometry.coordinates[0]]);
      if (box) this.places.set(Number(id), { row, code: properties.code, box });
    });
    const [west, south, east, north] = this.box ?? [0, 0, 0, 0];
    return meshOf(this.cells, [mercatorX((west + east) / 2), mercatorY((south + north) / 2)]);
  }
}

/** Labels of cells carry the id of their cell, so that marks follow its feature-state. */
const withIds = (collection: ReturnType<typeof labels>): ReturnType<typeof labels> => ({
  ...collection,
  features: collection.features.map((feature) => ({ ...feature, id: feature.properties.cell })),
});
