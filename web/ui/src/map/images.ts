// Marks of cell states and icons of events, drawn here: nothing is fetched.

import type { CellState } from '../data/types.ts';
import { EVENT_ICONS, STATE_MARKS } from './marks.ts';
import type { Palette } from './palette.ts';

const RATIO = 2;

interface Image {
  width: number;
  height: number;
  data: Uint8ClampedArray;
}

function draw(size: number, paint: (context: OffscreenCanvasRenderingContext2D) => void): Image {
  const side = size * RATIO;
  const context = new OffscreenCanvas(side, side).getContext('2d');
  if (!context) throw new Error('this browser cannot draw on a canvas');
  context.scale(RATIO, RATIO);
  paint(context);
  return { width: side, height: side, data: context.getImageData(0, 0, side, side).data };
}

function mark(path: string, ink: string, halo: string): Image {
  return draw(20, (context) => {
    context.scale(20 / 24, 20 / 24);
    context.lineCap = context.lineJoin = 'round';
    const shape = new Path2D(path);
    context.strokeStyle = halo;
    context.lineWidth = 5.5;
    context.stroke(shape);
    context.strokeStyle = ink;
    context.lineWidth = 2.4;
    context.stroke(shape);
  });
}

/** Images of the marks of states that ask for attention. */
export function markImages(palette: Palette): Record<string, Image> {
  const states: CellState[] = ['due_soon', 'will_breach', 'overdue'];
  return Object.fromEntries(
    states.map((state) => [`mark-${state}`, mark(STATE_MARKS[state], palette.pattern[state], palette.halo)]),
  );
}

/** Badge of each event class. */
export function eventImages(palette: Palette): Record<string, Image> {
  return Object.fromEntries(
    Object.entries(EVENT_ICONS).map(([head, path]) => [
      `event-${head}`,
      draw(26, (context) => {
        context.fillStyle = palette.event;
        context.strokeStyle = palette.halo;
        context.lineWidth = 2;
        context.beginPath();
        context.roundRect(2, 2, 22, 22, 7);
        context.fill();
        context.stroke();
        context.translate(5, 5);
        context.scale(16 / 24, 16 / 24);
        context.lineCap = context.lineJoin = 'round';
        context.strokeStyle = palette.eventInk;
        context.lineWidth = 2.2;
        context.stroke(new Path2D(path));
      }),
    ]),
  );
}

export const IMAGE_RATIO = RATIO;
