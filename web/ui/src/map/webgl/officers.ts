// Officers as points of one draw call, on a canvas above the map; the graphics card moves each of them along its glide.
//
// Positions are uploaded when the fleet changes, a few times a second at most; a frame costs a few numbers.
// Shapes say the freshness: an arrow moves, a disc is still, a ring is silent, a small cross is unknown.

import type { Map as MLMap } from 'maplibre-gl';
import type { Fleet } from '../../live/fleet.ts';
import type { Palette } from '../palette.ts';
import { type Placing, placed, pointSize } from './placing.ts';
import { Program } from './program.ts';

/** From here on officers who move are arrows. */
const ARROWS_ZOOM = 12.5;

/** Columns of the fleet as the shader has them: the place of each, and how many values a device has in it. */
const COLUMNS = {
  move: { at: 0, values: 4 },
  glide: { at: 1, values: 2 },
  look: { at: 2, values: 4 },
} as const;
type Column = keyof typeof COLUMNS;

const VERTEX = `#version 300 es
layout(location = 0) in vec4 move;
layout(location = 1) in vec2 glide;
layout(location = 2) in uvec4 look;
uniform vec2 scale;
uniform vec2 offset;
uniform vec3 moving;
uniform vec3 still;
uniform vec3 silent;
uniform vec3 alarm;
uniform float now;
uniform float size;
uniform bool arrows;
out vec3 ink;
out vec2 turn;
out float px;
flat out int shape;
flat out int ring;
void main() {
  int status = int(look.y);
  int freshness = status & 3;
  float part = glide.y > 0.0 ? clamp((now - glide.x) / glide.y, 0.0, 1.0) : 1.0;
  gl_Position = vec4(mix(move.xy, move.zw, part) * scale + offset, 0.0, 1.0);
  ring = look.z > 0u ? 2 : ((status & 64) != 0 ? 1 : 0);
  float grow = ring > 0 ? 1.7 : (freshness == 0 ? 1.0 : 0.82);
  px = size * grow;
  gl_PointSize = px;
  float angle = float(look.x) * 0.02454369;
  turn = vec2(cos(angle), sin(angle));
  bool pointed = freshness == 0 && (status & 16) == 0 && arrows;
  shape = pointed ? 0 : (freshness == 0 ? 1 : freshness + 1);
  ink = freshness == 0 ? moving : (freshness == 1 ? still : silent);
  if ((status & 64) != 0) ink = alarm;
}
`;

const FRAGMENT = `#version 300 es
precision highp float;
uniform vec3 edge;
uniform vec3 alarm;
uniform vec3 selected;
in vec3 ink;
in vec2 turn;
in float px;
flat in int shape;
flat in int ring;
out vec4 fragColor;
float arrow(vec2 p) {
  vec2 q = vec2(abs(p.x), p.y);
  float side = dot(q - vec2(0.0, -0.86), normalize(vec2(1.58, -0.62)));
  float tail = dot(q - vec2(0.0, 0.36), normalize(vec2(-0.36, 0.62)));
  return max(side, tail);
}
void main() {
  vec2 p = (gl_PointCoord * 2.0 - 1.0) * (ring > 0 ? 1.7 : 1.0);
  float unit = 2.0 * (ring > 0 ? 1.7 : 1.0) / px;
  vec2 q = vec2(turn.x * p.x + turn.y * p.y, -turn.y * p.x + turn.x * p.y);
  float body = length(p) - 0.7;
  if (shape == 0) body = arrow(q);
  if (shape == 3) body = abs(length(p) - 0.56) - 0.17;
  if (shape == 4) body = max(min(abs(p.x + p.y), abs(p.x - p.y)) - 0.2, length(p) - 0.7);
  float border = min(0.3, 1.6 * unit);
  float outer = 1.0 - smoothstep(-unit, unit, body - border);
  float inner = 1.0 - smoothstep(-unit, unit, body);
  vec4 color = vec4(mix(edge, ink, inner), outer * (shape >= 3 ? 0.9 : 1.0));
  if (ring > 0) {
    float halo = 1.0 - smoothstep(0.0, unit * 1.5, abs(length(p) - 1.36) - 0.13);
    vec3 tint = ring == 2 ? selected : alarm;
    color = color.a >= halo ? color : vec4(tint, halo);
  }
  if (color.a < 0.02) discard;
  fragColor = color;
}
`;

/** What is drawn; changed in place by the map. */
export interface OfficersView {
  fleet: Fleet;
  colours: Palette['officer'];
  /** Steady clock the fleet is fed by, ms. */
  now(): number;
}

export class OfficersCanvas {
  private readonly map: MLMap;
  private readonly view: OfficersView;
  private readonly canvas = document.createElement('canvas');
  private readonly gl: WebGL2RenderingContext;
  private drawing: Drawing;

  constructor(map: MLMap, view: OfficersView) {
    this.map = map;
    this.view = view;
    const { canvas } = this;
    canvas.className = 'officers';
    map.getCanvasContainer().after(canvas);
    const gl = canvas.getContext('webgl2', { antialias: false, depth: false });
    if (!gl) throw new Error('this browser has no WebGL2');
    this.gl = gl;
    this.drawing = new Drawing(gl);
    canvas.addEventListener('webglcontextlost', (event) => event.preventDefault());
    canvas.addEventListener('webglcontextrestored', () => {
      this.drawing = new Drawing(gl);
      this.draw();
    });
    // In the same frame as the map, so that officers stay where they are while it moves.
    map.on('render', this.draw);
  }

  destroy(): void {
    this.map.off('render', this.draw);
    this.canvas.remove();
    this.gl.getExtension('WEBGL_lose_context')?.loseContext();
  }

  /** Draw all officers as they are now. */
  readonly draw = (): void => {
    const { map, view, canvas } = this;
    const { width, height } = map.getCanvas();
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    this.drawing.draw(view, placed(map, view.fleet.origin), map.getZoom());
  };
}

/** The program and the columns of one context. */
class Drawing {
  private readonly gl: WebGL2RenderingContext;
  private readonly program: Program;
  private readonly buffers: Record<Column, WebGLBuffer>;
  private version = -1;

  constructor(gl: WebGL2RenderingContext) {
    this.gl = gl;
    this.program = new Program(gl, VERTEX, FRAGMENT);
    this.buffers = { move: this.column('move'), glide: this.column('glide'), look: this.column('look') };
    gl.enable(gl.BLEND);
    gl.blendFuncSeparate(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  draw({ fleet, colours, now }: OfficersView, { scale, offset, ratio }: Placing, zoom: number): void {
    const { gl, program } = this;
    gl.viewport(0, 0, gl.drawingBufferWidth, gl.drawingBufferHeight);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (fleet.size === 0) return;
    this.upload(fleet);
    program.use();
    for (const [name, [r, g, b]] of Object.entries(colours)) gl.uniform3f(program.at(name), r / 255, g / 255, b / 255);
    gl.uniform2f(program.at('scale'), ...scale);
    gl.uniform2f(program.at('offset'), ...offset);
    gl.uniform1f(program.at('now'), (now() - fleet.timeOrigin) / 1000);
    gl.uniform1f(program.at('size'), pointSize(zoom) * ratio);
    gl.uniform1i(program.at('arrows'), Number(zoom >= ARROWS_ZOOM));
    gl.drawArrays(gl.POINTS, 0, fleet.size);
  }

  private column(name: Column): WebGLBuffer {
    const { gl } = this;
    const { at, values } = COLUMNS[name];
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.enableVertexAttribArray(at);
    if (name === 'look') gl.vertexAttribIPointer(at, values, gl.UNSIGNED_BYTE, 0, 0);
    else gl.vertexAttribPointer(at, values, gl.FLOAT, false, 0, 0);
    return buffer;
  }

  private upload(fleet: Fleet): void {
    if (fleet.version === this.version) return;
    const { gl } = this;
    for (const name of ['move', 'glide', 'look'] as const) {
      gl.bindBuffer(gl.ARRAY_BUFFER, this.buffers[name]);
      gl.bufferData(gl.ARRAY_BUFFER, fleet[name].subarray(0, COLUMNS[name].values * fleet.size), gl.DYNAMIC_DRAW);
    }
    this.version = fleet.version;
  }
}
