// What the pointer is on, and what was chosen with it: an officer, an event or a cell.

import type { Map as MLMap } from 'maplibre-gl';
import { mercatorX, mercatorY } from '../live/mercator.ts';
import type { LiveModel } from '../live/model.ts';
import { Signal } from '../parts/signal.ts';
import type { Selection } from '../screens/url.ts';
import type { CellsOnMap } from './cells.ts';
import { pointSize } from './webgl/placing.ts';

/** How far beside an officer a click or the pointer still means it, px. */
const CLICK_SLACK = 8;
const HOVER_SLACK = 3;

interface Point {
  x: number;
  y: number;
}

/** What is under the pointer: an officer, else a cell. */
export type Hover = Point & ({ slot: number } | { cell: string });

export class Pointer {
  readonly hover = new Signal<Hover | null>(null);
  /** The last clicked object, in a new box each time, so that a second click on it is noticed. */
  readonly picked = new Signal<{ readonly selection: Selection | null } | null>(null);
  private readonly map: MLMap;
  private readonly model: LiveModel;
  private readonly cells: CellsOnMap;
  private readonly drawing: () => boolean;

  /** While something is `drawing`, clicks and the pointer are not ours. */
  constructor(map: MLMap, model: LiveModel, cells: CellsOnMap, drawing: () => boolean) {
    this.map = map;
    this.model = model;
    this.cells = cells;
    this.drawing = drawing;
    map.on('movestart', () => this.hover.set(null));
    map.on('click', (event) => {
      if (!drawing()) this.picked.set({ selection: this.pick(event.point) });
    });
    map.on('mousemove', (event) => this.move(event.point));
    map.on('mouseout', () => this.hover.set(null));
  }

  private pick(at: Point): Selection | null {
    const slot = this.officerAt(at, CLICK_SLACK);
    const name = slot === undefined ? undefined : this.model.names.get(slot);
    if (name) return { kind: 'officer', id: name.id };
    const [event] = this.map.queryRenderedFeatures([at.x, at.y], { layers: ['events-icon'] });
    if (event) return { kind: 'event', id: String(event.properties.id) };
    const cell = this.cellAt(at);
    return cell ? { kind: 'cell', id: cell } : null;
  }

  private move(at: Point): void {
    if (this.drawing() || this.map.isMoving()) return;
    const slot = this.officerAt(at, HOVER_SLACK);
    this.map.getCanvas().style.cursor = slot === undefined ? '' : 'pointer';
    if (slot !== undefined) {
      this.hover.set({ slot, x: at.x, y: at.y });
      return;
    }
    const cell = this.cellAt(at);
    this.hover.set(cell ? { cell, x: at.x, y: at.y } : null);
  }

  private cellAt({ x, y }: Point): string | undefined {
    const { lng, lat } = this.map.unproject([x, y]);
    return this.cells.at([lng, lat]);
  }

  private officerAt({ x, y }: Point, slack: number): number | undefined {
    const { lng, lat } = this.map.unproject([x, y]);
    const zoom = this.map.getZoom();
    const radius = (pointSize(zoom) / 2 + slack) / (512 * 2 ** zoom);
    return this.model.fleet.nearest(mercatorX(lng), mercatorY(lat), radius, performance.now())?.slot;
  }
}
