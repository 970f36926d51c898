// Generated from schemas/ground.py by `python -m schemas.generate`; do not edit.

/** The base map; plain without file and tiles. */
export interface Ground {
  /** Address of a PMTiles archive, read by ranges; null: none. */
  file: string | null;
  tiles: GroundTiles | null;
  /** Shown on the map; null: attribution of the archive. */
  attribution: string | null;
  glyphs: GroundGlyphs | null;
  /** Names of the sprites below /basemap/sprites/. */
  sprites: string[];
}

/** Fonts served with the map; without them the viewer's fonts are used. */
export interface GroundGlyphs {
  /** Template with {fontstack} and {range}. */
  url: string;
  /** Font requested for texts of the map. */
  font: string;
  /** The font has Chinese characters. */
  ideographs: boolean;
}

/** A tile server of the operator's choice. */
export interface GroundTiles {
  /** Template with {z}, {x} and {y}: raster tiles of Web Mercator. */
  url: string;
  /** gcj02: the page shifts the tiles to WGS-84. */
  datum: "wgs84" | "gcj02";
  /** Highest zoom of the server; higher ones show its tiles enlarged. */
  max_zoom: number;
  /** Side of a tile, px. */
  size: number;
}
