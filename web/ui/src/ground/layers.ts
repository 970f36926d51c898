// Layers of the ground below the cells, muted so that coverage stays what is seen first. Pure.
//
// Two ways of cutting the world into layers are known: Protomaps' and OpenMapTiles'. Of any other, areas and lines are
// drawn as they come.

import type { ExpressionSpecification, FilterSpecification, LayerSpecification } from 'maplibre-gl';
import type { GroundColours } from '../map/palette.ts';

export const SOURCE = 'ground';
/** Icons of the ground's places, among the sprites the operator gave. */
export const SPRITE = 'ground';

export interface Writing {
  /** Font the map's texts are asked for in. */
  font: string[];
  /** There are icons for places of interest. */
  icons: boolean;
  /** Field of a name in the language of the page, for example "name:zh". */
  language: 'zh' | 'en';
}

type Zooms = [zoom: number, value: number][];

const byZoom = (stops: Zooms): ExpressionSpecification => [
  'interpolate',
  ['exponential', 1.5],
  ['zoom'],
  ...stops.flat(),
];

const area = (id: string, layer: string, colour: string, filter?: FilterSpecification): LayerSpecification => ({
  id: `ground-${id}`,
  type: 'fill',
  source: SOURCE,
  'source-layer': layer,
  ...(filter ? { filter } : {}),
  paint: { 'fill-color': colour },
});

function line(
  id: string,
  layer: string,
  colour: string,
  width: Zooms,
  filter?: FilterSpecification,
  minzoom = 0,
): LayerSpecification {
  return {
    id: `ground-${id}`,
    type: 'line',
    source: SOURCE,
    'source-layer': layer,
    minzoom,
    ...(filter ? { filter } : {}),
    layout: { 'line-join': 'round', 'line-cap': 'round' },
    paint: { 'line-color': colour, 'line-width': byZoom(width) },
  };
}

const ROAD_WIDTHS: Record<'major' | 'middle' | 'minor', Zooms> = {
  major: [
    [7, 0.6],
    [12, 1.8],
    [18, 18],
  ],
  middle: [
    [10, 0.5],
    [14, 2],
    [18, 12],
  ],
  minor: [
    [13, 0.5],
    [16, 2.5],
    [18, 8],
  ],
};

const oneOf = (field: string, values: readonly string[]): FilterSpecification => [
  'in',
  ['get', field],
  ['literal', values],
];
const polygons: FilterSpecification = ['==', ['geometry-type'], 'Polygon'];

function nameOf({ language }: Writing): ExpressionSpecification {
  const wanted = language === 'zh' ? ['name:zh-Hans', 'name:zh'] : ['name:en', 'name:latin'];
  return ['coalesce', ...wanted.map((field): ExpressionSpecification => ['get', field]), ['get', 'name']];
}

function texts(
  id: string,
  layer: string,
  c: GroundColours,
  writing: Writing,
  more: Partial<{
    filter: FilterSpecification;
    minzoom: number;
    alongLine: boolean;
    size: number;
  }>,
): LayerSpecification {
  return {
    id: `ground-${id}`,
    type: 'symbol',
    source: SOURCE,
    'source-layer': layer,
    minzoom: more.minzoom ?? 0,
    ...(more.filter ? { filter: more.filter } : {}),
    layout: {
      'text-field': nameOf(writing),
      'text-font': writing.font,
      'text-size': more.size ?? 11,
      'text-max-width': 8,
      ...(more.alongLine ? { 'symbol-placement': 'line' } : {}),
    },
    paint: { 'text-color': c.text, 'text-halo-color': c.halo, 'text-halo-width': 1.2 },
  };
}

function places(layer: string, field: string, c: GroundColours, writing: Writing): LayerSpecification[] {
  if (!writing.icons) return [];
  return [
    {
      id: 'ground-pois',
      type: 'symbol',
      source: SOURCE,
      'source-layer': layer,
      minzoom: 15.5,
      layout: {
        'icon-image': ['concat', `${SPRITE}:`, ['get', field]],
        'icon-size': 0.8,
        'text-field': nameOf(writing),
        'text-font': writing.font,
        'text-size': 10.5,
        'text-offset': [0, 1.1],
        'text-anchor': 'top',
        'text-optional': true,
        'text-max-width': 7,
      },
      paint: { 'icon-opacity': 0.75, 'text-color': c.text, 'text-halo-color': c.halo, 'text-halo-width': 1.2 },
    },
  ];
}

function protomaps(c: GroundColours, writing: Writing): LayerSpecification[] {
  const green = ['park', 'forest', 'wood', 'grass', 'nature_reserve', 'cemetery', 'pitch', 'golf_course', 'scrub'];
  return [
    area('earth', 'earth', c.land, polygons),
    area('green', 'landuse', c.green, oneOf('kind', green)),
    area('built', 'landuse', c.built, oneOf('kind', ['industrial', 'hospital', 'school', 'university', 'commercial'])),
    area('water', 'water', c.water, polygons),
    line(
      'stream',
      'water',
      c.water,
      [
        [10, 0.5],
        [16, 4],
      ],
      ['!', polygons] as never,
      10,
    ),
    { ...area('building', 'buildings', c.building), minzoom: 14.5 },
    line('road-minor', 'roads', c.road, ROAD_WIDTHS.minor, oneOf('kind', ['minor_road', 'path', 'other']), 13),
    line('road-middle', 'roads', c.road, ROAD_WIDTHS.middle, oneOf('kind', ['medium_road', 'major_road']), 9),
    line('road-major', 'roads', c.mainRoad, ROAD_WIDTHS.major, oneOf('kind', ['highway'])),
    line(
      'rail',
      'roads',
      c.rail,
      [
        [11, 0.5],
        [16, 2],
      ],
      oneOf('kind', ['rail']),
      11,
    ),
    line('border', 'boundaries', c.border, [
      [4, 0.5],
      [14, 1.4],
    ]),
    texts('road-name', 'roads', c, writing, { minzoom: 14, alongLine: true, size: 10.5 }),
    texts('water-name', 'water', c, writing, { minzoom: 12 }),
    ...places('pois', 'kind', c, writing),
    texts('place-name', 'places', c, writing, { size: 12 }),
  ];
}

function openMapTiles(c: GroundColours, writing: Writing): LayerSpecification[] {
  return [
    area('green', 'landcover', c.green, oneOf('class', ['wood', 'grass', 'forest'])),
    area('park', 'park', c.green, polygons),
    area('built', 'landuse', c.built, oneOf('class', ['industrial', 'hospital', 'school', 'university', 'commercial'])),
    area('water', 'water', c.water),
    line(
      'stream',
      'waterway',
      c.water,
      [
        [10, 0.5],
        [16, 4],
      ],
      undefined,
      10,
    ),
    { ...area('building', 'building', c.building), minzoom: 14.5 },
    line(
      'road-minor',
      'transportation',
      c.road,
      ROAD_WIDTHS.minor,
      oneOf('class', ['minor', 'service', 'path', 'track']),
      13,
    ),
    line(
      'road-middle',
      'transportation',
      c.road,
      ROAD_WIDTHS.middle,
      oneOf('class', ['primary', 'secondary', 'tertiary']),
      9,
    ),
    line('road-major', 'transportation', c.mainRoad, ROAD_WIDTHS.major, oneOf('class', ['motorway', 'trunk'])),
    line(
      'rail',
      'transportation',
      c.rail,
      [
        [11, 0.5],
        [16, 2],
      ],
      oneOf('class', ['rail', 'transit']),
      11,
    ),
    line('border', 'boundary', c.border, [
      [4, 0.5],
      [14, 1.4],
    ]),
    texts('road-name', 'transportation_name', c, writing, { minzoom: 14, alongLine: true, size: 10.5 }),
    texts('water-name', 'water_name', c, writing, { minzoom: 12 }),
    ...places('poi', 'class', c, writing),
    texts('place-name', 'place', c, writing, { size: 12 }),
  ];
}

/** Layers of an archive none of whose ways of cutting is known. */
const anyLayers = (names: readonly string[], c: GroundColours): LayerSpecification[] => [
  ...names.map((name) => area(`area-${name}`, name, c.built, polygons)),
  ...names.map((name) => line(`line-${name}`, name, c.road, ROAD_WIDTHS.minor)),
];

/** Layers for an archive that holds vector layers of these names. */
export function vectorLayers(names: readonly string[], c: GroundColours, writing: Writing): LayerSpecification[] {
  const has = (...wanted: string[]): boolean => wanted.every((name) => names.includes(name));
  const layers = has('earth', 'roads')
    ? protomaps(c, writing)
    : has('transportation')
      ? openMapTiles(c, writing)
      : anyLayers(names, c);
  // An archive may leave out layers of its kind.
  return layers.filter((layer) => 'source-layer' in layer && names.includes(layer['source-layer'] ?? ''));
}

/** The one layer of a raster ground. */
export const rasterLayer = (c: GroundColours): LayerSpecification => ({
  id: 'ground-raster',
  type: 'raster',
  source: SOURCE,
  paint: { ...c.raster, 'raster-fade-duration': 150 },
});
