// Generated from schemas/ground.py by `python -m schemas.generate`; do not edit.

/** The ground of the map; without file and tiles it is plain. */
export interface Ground {
  /** Address of a PMTiles archive, read by ranges; null: none. */
  file: string | null;
  tiles: GroundTiles | null;
  /** Shown on the map; null: what the archive says of itself. */
  attribution: string | null;
  glyphs: GroundGlyphs | null;
  /** Names of the sprites below /basemap/sprites/. */
  sprites: string[];
}

/** Fonts served with the map; without them every sign is drawn by the viewer's own fonts. */
export interface GroundGlyphs {
  /** Template with {fontstack} and {range}. */
  url: string;
  /** The font the map's texts are asked for in. */
  font: string;
  /** The font has Chinese characters, so that viewers need none. */
  ideographs: boolean;
}

/** A tile server of the operator's choice. */
export interface GroundTiles {
  /** Template with {z}, {x} and {y}: raster tiles of Web Mercator. */
  url: string;
  /** gcj02: the page moves the tiles to where WGS-84 has them. */
  datum: "wgs84" | "gcj02";
  /** The deepest zoom the server has; deeper ones show its tiles enlarged. */
  max_zoom: number;
  /** Side of a tile, px. */
  size: number;
}
