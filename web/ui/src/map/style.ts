// The style of the map: outlines, labels, track and events on a ground that is plain unless the operator chose one.
//
// Everything that changes with coverage reads feature-state, so a change of state moves no geometry.

import type { Feature } from 'geojson';
import type {
  DataDrivenPropertyValueSpecification,
  ExpressionSpecification,
  GeoJSONSourceSpecification,
  LayerSpecification,
  StyleSpecification,
} from 'maplibre-gl';
import { type GroundStyle } from '../ground/ground.ts';
import { SOURCE, SPRITE } from '../ground/layers.ts';
import { areaLayers, wayLayers } from './overlays.ts';
import type { BorderLevel } from './borders.ts';
import type { CitySources } from './cells.ts';
import { PALETTES, type Palette, type Theme } from './palette.ts';

/** From here on unit cells are named; below it, their grids are. */
export const CELL_LABEL_ZOOM = 14.7;

type ByState = DataDrivenPropertyValueSpecification<number>;

const isState = (state: string): ExpressionSpecification => [
  '==',
  ['coalesce', ['feature-state', 'state'], 'unknown'],
  state,
];
/** 0.1 while the viewer looks at another state only. */
const dimmed = (value: ExpressionSpecification | number): ExpressionSpecification => [
  '*',
  value,
  ['case', ['boolean', ['feature-state', 'muted'], false], 0.12, 1],
];

/** Room around a tile in which things are drawn again, px: as much as the widest line needs. */
const BUFFER = 32;
/** Neighbours are simplified apart from each other: by so little, px, that no sliver can be seen between them. */
const TOLERANCE = 0.25;

const source = (features: readonly Feature[]): GeoJSONSourceSpecification => ({
  type: 'geojson',
  data: { type: 'FeatureCollection', features: [...features] },
  buffer: BUFFER,
  tolerance: TOLERANCE,
});

/** Empty at first, their layers hidden: see `give`. */
const SOURCES = {
  chosen: source([]),
  track: source([]),
  events: source([]),
  counts: source([]),
  ways: source([]),
  area: source([]),
} as const;

/** The layer right above the fill of the cells, which is drawn by `fill.ts`. */
export const ABOVE_FILL = 'cell-line';

function outlineLayers(p: Palette): LayerSpecification[] {
  const line = (level: BorderLevel, color: string, width: number[], opacity: number[]): LayerSpecification => ({
    id: `${level}-line`,
    type: 'line',
    source: 'borders',
    filter: ['==', ['get', 'level'], level],
    paint: {
      'line-color': color,
      'line-width': ['interpolate', ['linear'], ['zoom'], 9, width[0], 13, width[1], 16, width[2]],
      'line-opacity': ['interpolate', ['linear'], ['zoom'], 9, opacity[0], 12.5, opacity[1], 16, opacity[2]],
    },
  });
  return [
    line('cell', p.cellLine, [0.3, 0.7, 1.2], [0.16, 0.36, 0.6]),
    line('grid', p.gridLine, [0.3, 1, 2], [0.16, 0.5, 0.75]),
    line('street', p.streetLine, [0.8, 1.8, 3], [0.5, 0.7, 0.8]),
    line('city', p.cityLine, [1.2, 2.2, 3.2], [0.55, 0.6, 0.6]),
    {
      id: 'chosen-line',
      type: 'line',
      source: 'chosen',
      layout: { 'line-join': 'round' },
      paint: { 'line-color': p.selected, 'line-width': 3 },
    },
  ];
}

function trackLayers(p: Palette): LayerSpecification[] {
  return [
    {
      id: 'track-casing',
      type: 'line',
      source: 'track',
      filter: ['==', ['geometry-type'], 'LineString'],
      layout: { 'line-join': 'round', 'line-cap': 'round' },
      paint: { 'line-color': p.halo, 'line-width': 6, 'line-opacity': 0.7 },
    },
    {
      id: 'track-gap',
      type: 'line',
      source: 'track',
      filter: ['==', ['get', 'gap'], true],
      paint: { 'line-color': p.track, 'line-width': 1.5, 'line-opacity': 0.8, 'line-dasharray': [1, 3] },
    },
    {
      id: 'track-line',
      type: 'line',
      source: 'track',
      filter: ['all', ['==', ['geometry-type'], 'LineString'], ['!=', ['get', 'gap'], true]],
      layout: { 'line-join': 'round', 'line-cap': 'round' },
      paint: { 'line-color': p.track, 'line-width': 3, 'line-opacity': ['get', 'opacity'] },
    },
  ];
}

function labelLayers(p: Palette, font: string[]): LayerSpecification[] {
  const halo = { 'text-halo-color': p.halo, 'text-halo-width': 1.6 };
  const level = (name: string): ['==', ['get', string], string] => ['==', ['get', 'level'], name];
  return [
    ...(['due_soon', 'will_breach', 'overdue'] as const).map((state): LayerSpecification => ({
      id: `cells-mark-${state}`,
      type: 'symbol',
      source: 'labels',
      filter: level('cell') as never,
      minzoom: 12.6,
      layout: {
        'icon-image': `mark-${state}`,
        'icon-allow-overlap': true,
        'icon-ignore-placement': true,
        'icon-offset': [0, -8],
        'icon-size': ['interpolate', ['linear'], ['zoom'], 12.6, 0.6, 15, 1],
      },
      paint: { 'icon-opacity': dimmed(['case', isState(state), 1, 0]) as ByState },
    })),
    {
      id: 'labels-cell',
      type: 'symbol',
      source: 'labels',
      filter: level('cell') as never,
      minzoom: CELL_LABEL_ZOOM,
      layout: { 'text-field': ['get', 'name'], 'text-font': font, 'text-size': 11, 'text-offset': [0, 0.7] },
      paint: { 'text-color': p.label, 'text-opacity': 0.85, ...halo, 'text-halo-width': 1.2 },
    },
    {
      id: 'labels-grid',
      type: 'symbol',
      source: 'labels',
      filter: level('grid') as never,
      minzoom: 12.6,
      maxzoom: CELL_LABEL_ZOOM,
      layout: { 'text-field': ['get', 'name'], 'text-font': font, 'text-size': 12, 'text-max-width': 8 },
      paint: { 'text-color': p.label, ...halo },
    },
    {
      id: 'labels-street',
      type: 'symbol',
      source: 'labels',
      filter: level('street') as never,
      maxzoom: 14.5,
      layout: {
        'text-field': ['get', 'name'],
        'text-font': font,
        'text-size': ['interpolate', ['linear'], ['zoom'], 9, 12, 13, 17],
        'text-letter-spacing': 0.12,
        'text-max-width': 9,
      },
      paint: { 'text-color': p.labelStrong, ...halo, 'text-halo-width': 2 },
    },
  ];
}

function pointLayers(p: Palette, font: string[]): LayerSpecification[] {
  return [
    {
      id: 'events-icon',
      type: 'symbol',
      source: 'events',
      layout: {
        'icon-image': ['concat', 'event-', ['get', 'head']],
        'icon-allow-overlap': true,
        'icon-ignore-placement': true,
        'icon-size': ['interpolate', ['linear'], ['zoom'], 10, 0.5, 13, 0.8, 16, 1.1],
      },
      paint: { 'icon-opacity': ['get', 'opacity'] },
    },
    {
      id: 'counts-disc',
      type: 'circle',
      source: 'counts',
      paint: {
        'circle-color': `rgb(${p.officer.moving.join(',')})`,
        'circle-opacity': 0.85,
        'circle-stroke-color': p.halo,
        'circle-stroke-width': 1.5,
        'circle-radius': ['interpolate', ['linear'], ['sqrt', ['get', 'count']], 1, 5, 10, 16, 40, 30],
      },
    },
    {
      id: 'counts-text',
      type: 'symbol',
      source: 'counts',
      filter: ['>=', ['get', 'count'], 2],
      layout: { 'text-field': ['to-string', ['get', 'count']], 'text-font': font, 'text-size': 11 },
      paint: { 'text-color': p.halo },
    },
  ];
}

/** A layer of a source that is empty at first is hidden. */
const hiddenWhileEmpty = (layer: LayerSpecification): LayerSpecification =>
  'source' in layer && layer.source in SOURCES
    ? ({ ...layer, layout: { ...layer.layout, visibility: 'none' } } as LayerSpecification)
    : layer;

/** How the whole map looks. */
export interface Look {
  theme: Theme;
  language: 'zh' | 'en';
}

/** The whole style, with the city in it from the start. */
export function style({ theme, language }: Look, ground: GroundStyle, city: CitySources): StyleSpecification {
  const palette = PALETTES[theme];
  const sprite = ground.sprite(theme);
  return {
    version: 8,
    sources: {
      borders: source(city.borders.features),
      labels: source(city.labels.features),
      ...SOURCES,
      ...(ground.source ? { [SOURCE]: ground.source } : {}),
    },
    ...(ground.glyphs ? { glyphs: ground.glyphs } : {}),
    ...(sprite ? { sprite: [{ id: SPRITE, url: sprite }] } : {}),
    layers: [
      { id: 'plain', type: 'background', paint: { 'background-color': palette.ground.plain } },
      ...ground.layers(palette, theme, language),
      ...[
        ...outlineLayers(palette),
        ...trackLayers(palette),
        ...areaLayers(palette),
        ...labelLayers(palette, ground.font),
        ...pointLayers(palette, ground.font),
        ...wayLayers(palette, ground.font),
      ].map(hiddenWhileEmpty),
    ],
  };
}
