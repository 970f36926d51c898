// Officers as points of one draw call; the graphics card moves each of them along its glide.
//
// Positions are uploaded when the fleet changes, a few times a second at most; a frame costs one matrix and one number.
// Shapes say the freshness: an arrow moves, a disc is still, a ring is silent, a small cross is unknown.

import type { LayerContext, LayerProps } from '@deck.gl/core';
import { Layer } from '@deck.gl/core';
import type { Buffer } from '@luma.gl/core';
import { Model } from '@luma.gl/engine';
import type { Fleet } from '../live/fleet.ts';
import { WORLD } from '../live/fleet.ts';
import type { Palette, Rgb } from './palette.ts';
import { placed, pointSize } from './placing.ts';

// luma.gl reads a uniform block line by line: one field per line.
const BLOCK = `\
layout(std140) uniform officersUniforms {
  mat4 matrix;
  vec4 moving;
  vec4 still;
  vec4 silent;
  vec4 edge;
  vec4 alarm;
  vec4 chosen;
  float now;
  float size;
  float arrows;
} officers;
`;

const VERTEX = `#version 300 es
in vec4 move;
in vec2 glide;
in uvec4 look;
out vec4 ink;
out vec2 turn;
out float px;
flat out int shape;
flat out int ring;
void main() {
  int status = int(look.y);
  int freshness = status & 3;
  float part = glide.y > 0.0 ? clamp((officers.now - glide.x) / glide.y, 0.0, 1.0) : 1.0;
  gl_Position = officers.matrix * vec4(mix(move.xy, move.zw, part), 0.0, 1.0);
  ring = look.z > 0u ? 2 : ((status & 64) != 0 ? 1 : 0);
  float grow = ring > 0 ? 1.7 : (freshness == 0 ? 1.0 : 0.82);
  px = officers.size * grow;
  gl_PointSize = px;
  float angle = float(look.x) * 0.02454369;
  turn = vec2(cos(angle), sin(angle));
  bool pointed = freshness == 0 && (status & 16) == 0 && officers.arrows > 0.5;
  shape = pointed ? 0 : (freshness == 0 ? 1 : freshness + 1);
  ink = freshness == 0 ? officers.moving : (freshness == 1 ? officers.still : officers.silent);
  if ((status & 64) != 0) ink = officers.alarm;
}
`;

const FRAGMENT = `#version 300 es
precision highp float;
in vec4 ink;
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
  vec4 color = vec4(mix(officers.edge.rgb, ink.rgb, inner), outer * (shape >= 3 ? 0.9 : 1.0));
  if (ring > 0) {
    float halo = 1.0 - smoothstep(0.0, unit * 1.5, abs(length(p) - 1.36) - 0.13);
    vec3 tint = ring == 2 ? officers.chosen.rgb : officers.alarm.rgb;
    color = color.a >= halo ? color : vec4(tint, halo);
  }
  if (color.a < 0.02) discard;
  fragColor = color;
}
`;

const officersModule = {
  name: 'officers',
  vs: BLOCK,
  fs: BLOCK,
  uniformTypes: {
    matrix: 'mat4x4<f32>',
    moving: 'vec4<f32>',
    still: 'vec4<f32>',
    silent: 'vec4<f32>',
    edge: 'vec4<f32>',
    alarm: 'vec4<f32>',
    chosen: 'vec4<f32>',
    now: 'f32',
    size: 'f32',
    arrows: 'f32',
  },
} as const;

/** What the layer reads while it draws; changed in place by the map. */
export interface OfficersView {
  fleet: Fleet;
  colours: Palette['officer'];
  /** Steady clock the fleet is fed by, ms. */
  now(): number;
}

type Props = LayerProps & { view: OfficersView };

interface State extends Record<string, unknown> {
  model: Model;
  buffers: { move: Buffer; glide: Buffer; look: Buffer };
  capacity: number;
  version: number;
}

const colour = ([r, g, b]: Rgb): [number, number, number, number] => [r / 255, g / 255, b / 255, 1];

export class OfficersLayer extends Layer<Props> {
  static override layerName = 'OfficersLayer';
  declare state: State;

  initializeState({ device }: LayerContext): void {
    const buffers = this.createBuffers(256);
    const model = new Model(device, {
      id: this.props.id,
      vs: VERTEX,
      fs: FRAGMENT,
      modules: [officersModule],
      disableWarnings: true,
      topology: 'point-list',
      isInstanced: false,
      bufferLayout: [
        { name: 'move', format: 'float32x4' },
        { name: 'glide', format: 'float32x2' },
        { name: 'look', format: 'uint8x4' },
      ],
      attributes: { ...buffers },
      vertexCount: 0,
      parameters: { depthWriteEnabled: false, depthCompare: 'always' },
    });
    this.setState({ model, buffers, capacity: 256, version: -1 });
  }

  override shouldUpdateState(): boolean {
    return false;
  }

  override finalizeState(context: LayerContext): void {
    super.finalizeState(context);
    for (const buffer of Object.values(this.state.buffers)) buffer.destroy();
  }

  override draw({ renderPass, context }: { renderPass: unknown; context: LayerContext }): void {
    const { view } = this.props;
    const { model } = this.state;
    this.upload(view.fleet);
    if (view.fleet.size === 0) return;
    const { viewport } = context;
    const [x, y] = view.fleet.origin;
    // deck.gl's common space has y to the north, the fleet's to the south.
    const matrix = placed(viewport.viewProjectionMatrix, x * WORLD, (1 - y) * WORLD, 1, -1);
    const { colours } = view;
    model.shaderInputs.setProps({
      officers: {
        matrix,
        moving: colour(colours.moving),
        still: colour(colours.still),
        silent: colour(colours.silent),
        edge: colour(colours.edge),
        alarm: colour(colours.alarm),
        chosen: colour(colours.selected),
        now: (view.now() - view.fleet.timeOrigin) / 1000,
        size: pointSize(viewport.zoom) * devicePixelRatio,
        arrows: viewport.zoom >= 12.5 ? 1 : 0,
      },
    });
    model.setVertexCount(view.fleet.size);
    model.draw(renderPass as Parameters<Model['draw']>[0]);
  }

  private createBuffers(capacity: number): State['buffers'] {
    const create = (bytes: number): Buffer => this.context.device.createBuffer({ byteLength: bytes * capacity });
    return { move: create(16), glide: create(8), look: create(4) };
  }

  private upload(fleet: Fleet): void {
    if (fleet.version === this.state.version) return;
    if (fleet.size > this.state.capacity) {
      for (const buffer of Object.values(this.state.buffers)) buffer.destroy();
      this.state.capacity = 2 * fleet.size;
      this.state.buffers = this.createBuffers(this.state.capacity);
      this.state.model.setAttributes({ ...this.state.buffers });
    }
    const { move, glide, look } = this.state.buffers;
    if (fleet.size > 0) {
      move.write(fleet.move.subarray(0, 4 * fleet.size));
      glide.write(fleet.glide.subarray(0, 2 * fleet.size));
      look.write(fleet.look.subarray(0, 4 * fleet.size));
    }
    this.state.version = fleet.version;
  }
}
