// The fill of all cells in one draw: colour and pattern by state, each state one byte of a texture.
//
// A change of state sends that texture and moves no geometry. Patterns keep their size on the screen at every zoom.

import type { CustomLayerInterface, Map as MLMap } from 'maplibre-gl';
import { CELL_STATES } from '../../live/model.ts';
import type { CellState } from '../../data/types.ts';
import type { Mesh } from './mesh.ts';
import type { Palette } from '../palette.ts';
import { patternOpacity, placed } from './placing.ts';
import { Program } from './program.ts';

/** Cells in a row of the texture. */
const WIDTH = 256;
/** Set in the byte of a cell that is to stand back. */
const MUTED = 8;

const VERTEX = `#version 300 es
layout(location = 0) in vec2 place;
layout(location = 1) in uint row;
uniform vec2 scale;
uniform vec2 offset;
uniform float unit;
uniform highp usampler2D states;
out vec2 at;
flat out uint state;
void main() {
  gl_Position = vec4(place * scale + offset, 0.0, 1.0);
  at = place * unit;
  state = texelFetch(states, ivec2(row % ${WIDTH}u, row / ${WIDTH}u), 0).r;
}
`;

const FRAGMENT = `#version 300 es
precision highp float;
uniform vec4 fill[5];
uniform vec4 pattern[5];
uniform float veil;
uniform float ratio;
in vec2 at;
flat in uint state;
out vec4 color;
const float TILE = 10.0;
/** How much of a pixel lies within reach of the middle of a dot or stroke that is so far away. */
float inside(float far, float reach) { return clamp((reach - far) * ratio + 0.5, 0.0, 1.0); }
float dots(vec2 p, float radius) { return inside(length(mod(p, TILE) - 0.5 * TILE), radius); }
float strokes(float across) { return inside(abs(mod(across + 0.5 * TILE, TILE) - 0.5 * TILE) * 0.70710678, 0.55); }
float patterned(uint which, vec2 p) {
  if (which == 1u) return max(dots(p + 2.5, 0.9), dots(p - 2.5, 0.9));
  if (which == 2u) return strokes(p.x + p.y);
  if (which == 3u) return max(strokes(p.x + p.y), strokes(p.x - p.y));
  return which == 4u ? dots(p, 0.7) : 0.0;
}
void main() {
  uint which = state & 7u;
  float clear = (state & ${MUTED}u) != 0u ? 0.12 : 1.0;
  float under = fill[which].a * clear;
  float over = pattern[which].a * veil * clear;
  if (over > 0.0) over *= patterned(which, at);
  color = vec4(fill[which].rgb * under * (1.0 - over) + pattern[which].rgb * over, over + under * (1.0 - over));
}
`;

/** Red, green, blue of #rrggbb, 0 … 1. */
const rgb = (hex: string): number[] => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);

/** Over streets and houses the fill is thinner, so that they can be read. */
const THIN = 0.75;

/** What the context of the map holds for it. */
interface OnCard {
  gl: WebGL2RenderingContext;
  program: Program;
  corners: WebGLVertexArrayObject;
  buffers: readonly WebGLBuffer[];
  texture: WebGLTexture;
}

export class CellsFill implements CustomLayerInterface {
  readonly id = 'cells-fill';
  readonly type = 'custom';
  private readonly mesh: Mesh;
  private readonly states: Uint8Array<ArrayBuffer>;
  /** Red, green, blue and opacity by state, of the fill and of the pattern over it. */
  private readonly fills: number[];
  private readonly patterns: number[];
  private map: MLMap | null = null;
  private card: OnCard | null = null;
  /** The texture lacks what was told last. */
  private stale = true;

  /** Of so many cells; `thin` where they lie on a ground. */
  constructor(mesh: Mesh, cells: number, palette: Palette, thin: boolean) {
    this.mesh = mesh;
    const thinned = thin ? THIN : 1;
    this.fills = CELL_STATES.flatMap((state) => [...rgb(palette.fill[state]), palette.fillOpacity[state] * thinned]);
    this.patterns = CELL_STATES.flatMap((state) => [...rgb(palette.pattern[state]), state === 'unknown' ? 0.8 : 1]);
    this.states = new Uint8Array(WIDTH * Math.max(1, Math.ceil(cells / WIDTH)));
    this.states.fill(CELL_STATES.indexOf('unknown'));
  }

  /** Tell the state of the cell in a row, and whether it is to stand back. */
  setState(row: number, state: CellState, muted: boolean): void {
    this.states[row] = CELL_STATES.indexOf(state) | (muted ? MUTED : 0);
    this.stale = true;
  }

  onAdd(map: MLMap, gl: WebGL2RenderingContext): void {
    this.map = map;
    this.stale = true;
    const { places, rows, triangles } = this.mesh;
    const corners = gl.createVertexArray();
    const buffers = [gl.createBuffer(), gl.createBuffer(), gl.createBuffer()] as const;
    gl.bindVertexArray(corners);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffers[0]);
    gl.bufferData(gl.ARRAY_BUFFER, places, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffers[1]);
    gl.bufferData(gl.ARRAY_BUFFER, rows, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(1);
    gl.vertexAttribIPointer(1, 1, gl.UNSIGNED_INT, 0, 0);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, buffers[2]);
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, triangles, gl.STATIC_DRAW);
    gl.bindVertexArray(null);
    this.card = { gl, program: new Program(gl, VERTEX, FRAGMENT), corners, buffers, texture: gl.createTexture() };
  }

  /** Give back what the card holds: the context outlives many a city. */
  onRemove(): void {
    if (!this.card) return;
    const { gl, program, corners, buffers, texture } = this.card;
    this.card = null;
    program.remove();
    gl.deleteVertexArray(corners);
    for (const buffer of buffers) gl.deleteBuffer(buffer);
    gl.deleteTexture(texture);
  }

  render(gl: WebGL2RenderingContext): void {
    const { map, card, mesh } = this;
    if (!map || !card) return;
    const { program, corners } = card;
    const { scale, offset, ratio } = placed(map, mesh.origin);
    program.use();
    gl.activeTexture(gl.TEXTURE0);
    this.upload(gl, card.texture);
    gl.uniform1i(program.at('states'), 0);
    gl.uniform2f(program.at('scale'), ...scale);
    gl.uniform2f(program.at('offset'), ...offset);
    gl.uniform1f(program.at('unit'), 2 ** map.getZoom());
    gl.uniform1f(program.at('ratio'), ratio);
    gl.uniform1f(program.at('veil'), patternOpacity(map.getZoom()));
    gl.uniform4fv(program.at('fill'), this.fills);
    gl.uniform4fv(program.at('pattern'), this.patterns);
    gl.bindVertexArray(corners);
    gl.drawElements(gl.TRIANGLES, mesh.triangles.length, gl.UNSIGNED_INT, 0);
    gl.bindVertexArray(null);
  }

  private upload(gl: WebGL2RenderingContext, texture: WebGLTexture): void {
    gl.bindTexture(gl.TEXTURE_2D, texture);
    if (!this.stale) return;
    const height = this.states.length / WIDTH;
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8UI, WIDTH, height, 0, gl.RED_INTEGER, gl.UNSIGNED_BYTE, this.states);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    this.stale = false;
  }
}
