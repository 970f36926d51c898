// Colours of the map in both themes. States differ in pattern and mark as well, never in colour alone.

import type { CellState } from '../data/types.ts';

export type Theme = 'dark' | 'light';
export type Rgb = [number, number, number];

/** Drawn by the browser's own fonts: the style asks for no glyphs. */
export const FONT = ['Noto Sans CJK SC', 'sans-serif'];

/** Colours of what lies below the cells: quiet, so that coverage is seen first. */
export interface GroundColours {
  plain: string;
  land: string;
  green: string;
  built: string;
  water: string;
  building: string;
  road: string;
  mainRoad: string;
  rail: string;
  border: string;
  text: string;
  halo: string;
  /** Paint of a ground of pictures. */
  raster: {
    'raster-saturation': number;
    'raster-brightness-min': number;
    'raster-brightness-max': number;
    'raster-contrast': number;
    'raster-opacity': number;
  };
}

export interface Palette {
  ground: GroundColours;
  /** Fill of a cell by state, with the opacity of the fill. */
  fill: Record<CellState, string>;
  fillOpacity: Record<CellState, number>;
  /** Pattern drawn over the fill. */
  pattern: Record<CellState, string>;
  cellLine: string;
  gridLine: string;
  streetLine: string;
  cityLine: string;
  label: string;
  labelStrong: string;
  halo: string;
  selected: string;
  track: string;
  way: string;
  area: string;
  event: string;
  eventInk: string;
  officer: { moving: Rgb; still: Rgb; silent: Rgb; edge: Rgb; alarm: Rgb; selected: Rgb };
}

export const PALETTES: Record<Theme, Palette> = {
  dark: {
    ground: {
      plain: '#0c1117',
      land: '#10171f',
      green: '#10211d',
      built: '#141c26',
      water: '#0a2233',
      building: '#1a2430',
      road: '#263240',
      mainRoad: '#35465a',
      rail: '#2c3340',
      border: '#3b4a5a',
      text: '#7f8fa0',
      halo: '#0c1117',
      raster: {
        'raster-saturation': -0.65,
        'raster-brightness-min': 0,
        'raster-brightness-max': 0.42,
        'raster-contrast': 0.1,
        'raster-opacity': 0.9,
      },
    },
    fill: { fresh: '#2a9d8f', due_soon: '#e2b04a', will_breach: '#f08a45', overdue: '#e8506c', unknown: '#8a94a1' },
    fillOpacity: { fresh: 0.24, due_soon: 0.3, will_breach: 0.46, overdue: 0.5, unknown: 0.1 },
    pattern: { fresh: '#8fe3d5', due_soon: '#ffe08a', will_breach: '#ffc08a', overdue: '#ffb3be', unknown: '#aab4c0' },
    cellLine: '#9fb2c4',
    gridLine: '#b9cbdc',
    streetLine: '#dbe7f2',
    cityLine: '#dbe7f2',
    label: '#aebccb',
    labelStrong: '#f1f6fb',
    halo: '#0c1117',
    selected: '#ffffff',
    track: '#62b6ff',
    way: '#ffd479',
    area: '#c7a8ff',
    event: '#a98bff',
    eventInk: '#150d2b',
    officer: {
      moving: [106, 196, 255],
      still: [226, 234, 243],
      silent: [150, 162, 176],
      edge: [9, 14, 20],
      alarm: [255, 84, 108],
      selected: [255, 255, 255],
    },
  },
  light: {
    ground: {
      plain: '#eef1f4',
      land: '#f4f5f6',
      green: '#e1eadf',
      built: '#eceef0',
      water: '#cfe0ee',
      building: '#e2e5e9',
      road: '#ffffff',
      mainRoad: '#fbf0d8',
      rail: '#cdd3da',
      border: '#a9b4bf',
      text: '#6b7885',
      halo: '#f7f9fb',
      raster: {
        'raster-saturation': -0.35,
        'raster-brightness-min': 0.1,
        'raster-brightness-max': 1,
        'raster-contrast': -0.1,
        'raster-opacity': 0.85,
      },
    },
    fill: { fresh: '#3aa895', due_soon: '#e0a500', will_breach: '#e8701a', overdue: '#d6244a', unknown: '#7a8694' },
    fillOpacity: { fresh: 0.3, due_soon: 0.36, will_breach: 0.42, overdue: 0.46, unknown: 0.1 },
    pattern: { fresh: '#0f6f63', due_soon: '#7a5600', will_breach: '#8a3a00', overdue: '#8c0f2c', unknown: '#5a6673' },
    cellLine: '#4a5a6a',
    gridLine: '#3a4a5a',
    streetLine: '#1d2a37',
    cityLine: '#1d2a37',
    label: '#4d5b69',
    labelStrong: '#16212c',
    halo: '#f7f9fb',
    selected: '#0b1520',
    track: '#0b62c4',
    way: '#7a3e00',
    area: '#6a3fd1',
    event: '#6a3fd1',
    eventInk: '#ffffff',
    officer: {
      moving: [10, 92, 186],
      still: [38, 52, 66],
      silent: [104, 118, 132],
      edge: [255, 255, 255],
      alarm: [206, 20, 60],
      selected: [8, 16, 24],
    },
  },
};
