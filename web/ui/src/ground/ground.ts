// The ground of the map as the operator chose it: a PMTiles archive of our own server, a tile server, or plain.

import type { LayerSpecification, SourceSpecification } from 'maplibre-gl';
import * as api from '../data/api.ts';
import type { Ground, GroundTiles } from '../generated/ground.ts';
import { FONT, type Palette, type Theme } from '../map/palette.ts';
import { rasterLayer, vectorLayers } from './layers.ts';

/** What the style of the map takes of its ground. */
export interface GroundStyle {
  source: SourceSpecification | null;
  /** Whose map it is, as plain text. */
  attribution: string;
  font: string[];
  glyphs: string | null;
  /** The glyphs have Chinese characters: the viewer's own fonts are not needed. */
  ideographs: boolean;
  sprite(theme: Theme): string | null;
  layers(palette: Palette, theme: Theme, language: 'zh' | 'en'): LayerSpecification[];
}

export const PLAIN: GroundStyle = {
  source: null,
  attribution: '',
  font: FONT,
  glyphs: null,
  ideographs: false,
  sprite: () => null,
  layers: () => [],
};

/** Text of what may be markup: an archive's attribution is written by somebody else. */
export const plainText = (markup: string): string =>
  new DOMParser().parseFromString(markup, 'text/html').body.textContent.replace(/\s+/g, ' ').trim();

/** The sprite for a theme: named like it, else the only or first one. */
export const spriteFor = (names: readonly string[], theme: Theme): string | null =>
  names.find((name) => name === theme) ?? names[0] ?? null;

const absolute = (path: string): string => location.origin + path;

function common(ground: Ground): Omit<GroundStyle, 'source' | 'layers' | 'attribution'> {
  const { glyphs, sprites } = ground;
  return {
    font: glyphs ? [glyphs.font] : FONT,
    glyphs: glyphs && absolute(glyphs.url),
    ideographs: glyphs?.ideographs ?? false,
    sprite: (theme) => {
      const name = spriteFor(sprites, theme);
      return name && absolute(`/basemap/sprites/${name}`);
    },
  };
}

async function fromArchive(ground: Ground, file: string): Promise<GroundStyle> {
  const [{ PMTiles, Protocol, TileType }, { addProtocol }] = await Promise.all([
    import('pmtiles'),
    import('maplibre-gl'),
  ]);
  const archive = new PMTiles(absolute(file));
  const protocol = new Protocol();
  protocol.add(archive);
  addProtocol('pmtiles', protocol.tile);
  const [header, metadata] = await Promise.all([archive.getHeader(), archive.getMetadata()]);
  const said = (metadata ?? {}) as { attribution?: string; vector_layers?: { id: string }[] };
  const vector = header.tileType === TileType.Mvt;
  const shared = common(ground);
  const names = (said.vector_layers ?? []).map(({ id }) => id);
  return {
    ...shared,
    attribution: ground.attribution ?? plainText(said.attribution ?? ''),
    source: vector
      ? { type: 'vector', url: `pmtiles://${absolute(file)}` }
      : { type: 'raster', url: `pmtiles://${absolute(file)}`, tileSize: 256 },
    layers: ({ ground: colours }, theme, language) =>
      vector
        ? vectorLayers(names, colours, { font: shared.font, icons: shared.sprite(theme) !== null, language })
        : [rasterLayer(colours)],
  };
}

async function fromServer(ground: Ground, tiles: GroundTiles): Promise<GroundStyle> {
  const { movedTiles } = await import('./gcjtiles.ts');
  const url = tiles.datum === 'gcj02' ? movedTiles(tiles.url, tiles.size) : tiles.url;
  return {
    ...common(ground),
    attribution: ground.attribution ?? new URL(tiles.url).host,
    source: { type: 'raster', tiles: [url], tileSize: tiles.size, maxzoom: tiles.max_zoom },
    layers: ({ ground: colours }) => [rasterLayer(colours)],
  };
}

async function load(): Promise<GroundStyle> {
  const ground = await api.ground();
  if (ground.file) return fromArchive(ground, ground.file);
  if (ground.tiles) return fromServer(ground, ground.tiles);
  return { ...PLAIN, ...common(ground), attribution: ground.attribution ?? '' };
}

let loaded: Promise<GroundStyle> | null = null;

/** The base map, requested until it arrives; until then the ground is plain and `failed` is set. */
export function theGround(): Promise<{ style: GroundStyle; failed: boolean }> {
  loaded ??= load();
  return loaded
    .then((style) => ({ style, failed: false }))
    .catch(() => {
      loaded = null;
      return { style: PLAIN, failed: true };
    });
}
