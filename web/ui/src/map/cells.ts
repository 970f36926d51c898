// Cells, outlines and their labels on the map. A change of state is a feature-state: no geometry is sent again.

import type { FeatureCollection } from 'geojson';
import type { GeoJSONSource, Map as MLMap } from 'maplibre-gl';
import type { Cells } from '../api.ts';
import type { LiveModel } from '../live/model.ts';
import type { Area, CellState } from '../types.ts';
import { borders } from './borders.ts';
import { type Box, extent, labels } from './shapes.ts';

/** Sources of the style that hold the cells, their outlines and names. */
const OF_CITY = ['cells', 'borders', 'labels'] as const;

/** What is in them. */
export type CitySources = Readonly<Record<(typeof OF_CITY)[number], FeatureCollection>>;

/** What the sources hold for these cells. */
export const citySources = (cells: Cells, areas: readonly Area[]): CitySources => ({
  cells,
  borders: borders(cells),
  labels: withIds(labels(cells, areas)),
});

export class CellsOnMap {
  /** Extent of all cells; null before there are any. */
  box: Box | null = null;
  private readonly map: MLMap;
  private readonly model: LiveModel;
  private readonly codes = new Map<number, string>();
  private cells: Cells;
  private held: CitySources;
  /** What the style on the map has. */
  private inStyle: CitySources;
  private chosenCode: string | null = null;
  private only: CellState | null = null;

  /** `sources` are of these cells, and the style of the map was made with them. */
  constructor(map: MLMap, model: LiveModel, cells: Cells, sources: CitySources) {
    this.map = map;
    this.model = model;
    this.cells = cells;
    this.held = sources;
    this.inStyle = sources;
    this.index();
  }

  /** Show these cells. */
  set(cells: Cells, areas: readonly Area[]): void {
    if (cells === this.cells) return;
    this.cells = cells;
    this.held = citySources(cells, areas);
    this.index();
    this.draw();
  }

  /** What a new style is made with. */
  forStyle(): CitySources {
    this.inStyle = this.held;
    return this.held;
  }

  /** Whether the map has all that is to be drawn of the cells in view. */
  areLoaded(): boolean {
    return this.cells.features.length > 0 && OF_CITY.every((name) => this.map.isSourceLoaded(name));
  }

  /** Code of the cell with this id. */
  code(id: number): string | undefined {
    return this.codes.get(id);
  }

  /** Outline the chosen cell, now or as soon as it is known. */
  select(code: string | null): void {
    this.chosenCode = code;
    const features = this.cells.features.filter(({ properties }) => properties.code === code);
    this.source('chosen')?.setData({ type: 'FeatureCollection', features });
  }

  /** Let one state stand out, or none. */
  showOnly(state: CellState | null): void {
    this.only = state;
    this.paint([...this.codes.keys()]);
  }

  /** Put what is known now into the style, as soon as it is there. */
  draw(): void {
    if (!this.source('cells')) return;
    if (this.inStyle !== this.held) {
      for (const name of OF_CITY) this.source(name)?.setData(this.held[name]);
      this.inStyle = this.held;
    }
    this.paint([...this.codes.keys()]);
    if (this.chosenCode !== null) this.select(this.chosenCode);
  }

  /** Colour these cells by their state now. */
  paint(ids: readonly number[]): void {
    for (const id of ids) {
      const { state } = this.model.cell(id);
      this.setState(id, { state, muted: this.only !== null && this.only !== state });
    }
  }

  private index(): void {
    this.box = extent(this.cells);
    this.codes.clear();
    for (const { id, properties } of this.cells.features) this.codes.set(Number(id), properties.code);
  }

  private setState(id: number, state: Record<string, unknown>): void {
    if (!this.source('cells')) return;
    this.map.setFeatureState({ source: 'cells', id }, state);
    this.map.setFeatureState({ source: 'labels', id }, state);
  }

  private source(name: string): GeoJSONSource | undefined {
    return this.map.getSource<GeoJSONSource>(name);
  }
}

/** Labels of cells carry the id of their cell, so that marks follow the same feature-state. */
const withIds = (collection: ReturnType<typeof labels>): ReturnType<typeof labels> => ({
  ...collection,
  features: collection.features.map((feature) => ({ ...feature, id: feature.properties.cell })),
});
