// Cells, outlines and their labels on the map. A change of state is a feature-state: no geometry is sent again.

import type { GeoJSONSource, Map as MLMap } from 'maplibre-gl';
import type { Cells } from '../api.ts';
import type { LiveModel } from '../live/model.ts';
import type { Area, CellState } from '../types.ts';
import { borders } from './borders.ts';
import { type Box, extent, labels } from './shapes.ts';

/** Sources that hold the cells, their outlines and names. */
const OF_CELLS = ['cells', 'borders', 'labels'] as const;

export class CellsOnMap {
  /** Extent of all cells; null before there are any. */
  box: Box | null = null;
  private readonly map: MLMap;
  private readonly model: LiveModel;
  private readonly codes = new Map<number, string>();
  private cells: Cells | null = null;
  private areas: readonly Area[] = [];
  private chosenCode: string | null = null;
  private only: CellState | null = null;

  constructor(map: MLMap, model: LiveModel) {
    this.map = map;
    this.model = model;
  }

  /** Take these cells; `draw` puts them on the map. */
  set(cells: Cells, areas: readonly Area[]): void {
    this.cells = cells;
    this.areas = areas;
    this.box = extent(cells);
    this.codes.clear();
    for (const { id, properties } of cells.features) this.codes.set(Number(id), properties.code);
  }

  /** Whether the map has all that is to be drawn of the cells in view. */
  areLoaded(): boolean {
    return this.cells !== null && OF_CELLS.every((name) => this.map.isSourceLoaded(name));
  }

  /** Code of the cell with this id. */
  code(id: number): string | undefined {
    return this.codes.get(id);
  }

  /** Outline the chosen cell, now or as soon as it is known. */
  select(code: string | null): void {
    this.chosenCode = code;
    const features = this.cells?.features.filter(({ properties }) => properties.code === code) ?? [];
    this.source('chosen')?.setData({ type: 'FeatureCollection', features });
  }

  /** Let one state stand out, or none. */
  showOnly(state: CellState | null): void {
    this.only = state;
    this.paint([...this.codes.keys()]);
  }

  /** Put everything into a style that has just been loaded. */
  draw(): void {
    if (!this.cells || !this.source('cells')) return;
    this.source('cells')?.setData(this.cells);
    this.source('borders')?.setData(borders(this.cells));
    this.source('labels')?.setData(withIds(labels(this.cells, this.areas)));
    this.paint([...this.codes.keys()]);
    this.select(this.chosenCode);
  }

  /** Colour these cells by their state now. */
  paint(ids: readonly number[]): void {
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

  private source(name: string): GeoJSONSource | undefined {
    return this.map.getSource<GeoJSONSource>(name);
  }
}

/** Labels of cells carry the id of their cell, so that marks follow the same feature-state. */
const withIds = (collection: ReturnType<typeof labels>): ReturnType<typeof labels> => ({
  ...collection,
  features: collection.features.map((feature) => ({ ...feature, id: feature.properties.cell })),
});
