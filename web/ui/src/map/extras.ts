// What lies on the map besides cells and officers: a track, events, counts, ways of proposals, a drawn area.

import type { Feature, LineString, Point, Position } from 'geojson';
import type { Map as MLMap } from 'maplibre-gl';
import { eventClass } from '../i18n/catalogue.ts';
import type { Event } from '../data/types.ts';
import { give } from './sources.ts';
import { type Step, trackLines } from './trackline.ts';

/** Events fade over an hour and a half, down to this. */
const EVENT_FADE_MS = 5_400_000;
const EVENT_FAINTEST = 0.35;

/** From where an officer would go to which cell, and what is written at the end. */
export interface Way {
  from: Position;
  to: Position;
  label: string;
  chosen: boolean;
}

export class Extras {
  private readonly map: MLMap;
  /** The style has its sources; nothing may be set earlier. */
  private dressed = false;
  private tracks: readonly (readonly Step[])[] = [];
  private events: readonly Event[] = [];
  private eventsAt = 0;
  private ways: readonly Way[] = [];
  private area: readonly Position[] = [];

  constructor(map: MLMap) {
    this.map = map;
  }

  /** The style goes away; what was set is kept for the next. */
  undress(): void {
    this.dressed = false;
  }

  /** Put everything into a style that has just been loaded. */
  dress(): void {
    this.dressed = true;
    this.setTracks(this.tracks);
    this.setEvents(this.events, this.eventsAt);
    this.setWays(this.ways);
    this.setArea(this.area);
  }

  setTracks(tracks: readonly (readonly Step[])[]): void {
    this.tracks = tracks;
    const features = tracks.flatMap((steps) => trackLines(steps).features);
    this.set('track', features);
  }

  /** Show events, fading with their age at `now` (ms since 1970 UTC). */
  setEvents(events: readonly Event[], now: number): void {
    this.events = events;
    this.eventsAt = now;
    const features = events.map((event) => {
      const opacity = Math.max(EVENT_FAINTEST, 1 - (now - Date.parse(event.t)) / EVENT_FADE_MS);
      return point([event.lon, event.lat], { id: event.id, head: eventClass(event.type) ?? '', opacity });
    });
    this.set('events', features);
  }

  setCounts(counts: Iterable<{ at: Position; count: number }>): void {
    this.set(
      'counts',
      [...counts].map(({ at, count }) => point(at, { count })),
    );
  }

  setWays(ways: readonly Way[]): void {
    this.ways = ways;
    this.set(
      'ways',
      ways.flatMap(({ from, to, label, chosen }): Feature<LineString | Point>[] => [
        { type: 'Feature', properties: { chosen }, geometry: { type: 'LineString', coordinates: [from, to] } },
        ...(chosen ? [point(to, { label, chosen })] : []),
      ]),
    );
  }

  /** Show the corners of an area, closed from three on. */
  setArea(ring: readonly Position[]): void {
    this.area = ring;
    const corners = ring.map((corner) => point(corner, {}));
    const outline: Feature[] =
      ring.length > 2
        ? [
            {
              type: 'Feature',
              properties: {},
              geometry: { type: 'Polygon', coordinates: [[...ring, ring[0]]] },
            },
          ]
        : ring.length === 2
          ? [{ type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates: [...ring] } }]
          : [];
    this.set('area', [...outline, ...corners]);
  }

  private set(name: string, features: Feature[]): void {
    if (this.dressed) give(this.map, name, features);
  }
}

const point = (coordinates: Position, properties: Record<string, unknown>): Feature<Point> => ({
  type: 'Feature',
  properties,
  geometry: { type: 'Point', coordinates },
});
