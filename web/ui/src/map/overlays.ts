// Layers of the style for what comes and goes: ways of proposals, an area that is drawn.

import type { LayerSpecification } from 'maplibre-gl';
import type { Palette } from './palette.ts';

/** Ways from officers to cells: dashed, the chosen one strong and with the time of arrival. */
export function wayLayers(p: Palette, font: string[]): LayerSpecification[] {
  return [
    {
      id: 'ways-line',
      type: 'line',
      source: 'ways',
      filter: ['==', ['geometry-type'], 'LineString'],
      layout: { 'line-cap': 'round' },
      paint: {
        'line-color': p.way,
        'line-width': ['case', ['get', 'chosen'], 3, 1.2],
        'line-opacity': ['case', ['get', 'chosen'], 1, 0.55],
        'line-dasharray': [1, 2],
      },
    },
    {
      id: 'ways-label',
      type: 'symbol',
      source: 'ways',
      filter: ['==', ['geometry-type'], 'Point'],
      layout: {
        'text-field': ['get', 'label'],
        'text-font': font,
        'text-size': 13,
        'text-offset': [0, -1.4],
        'text-allow-overlap': true,
      },
      paint: { 'text-color': p.way, 'text-halo-color': p.halo, 'text-halo-width': 2 },
    },
  ];
}

/** The outline of a drawn area with its corners. */
export function areaLayers(p: Palette): LayerSpecification[] {
  return [
    {
      id: 'area-fill',
      type: 'fill',
      source: 'area',
      filter: ['==', ['geometry-type'], 'Polygon'],
      paint: { 'fill-color': p.area, 'fill-opacity': 0.16 },
    },
    {
      id: 'area-line',
      type: 'line',
      source: 'area',
      filter: ['!=', ['geometry-type'], 'Point'],
      layout: { 'line-join': 'round', 'line-cap': 'round' },
      paint: { 'line-color': p.area, 'line-width': 2.5 },
    },
    {
      id: 'area-corners',
      type: 'circle',
      source: 'area',
      filter: ['==', ['geometry-type'], 'Point'],
      paint: {
        'circle-radius': 5,
        'circle-color': p.halo,
        'circle-stroke-color': p.area,
        'circle-stroke-width': 2.5,
      },
    },
  ];
}
