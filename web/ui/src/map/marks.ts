// Shapes that the map and the panels share, as paths on 24 × 24.

import type { CellState } from '../data/types.ts';

/** Marks in the middle of a cell, as paths on 24 × 24. */
export const STATE_MARKS: Record<CellState, string> = {
  fresh: 'M5 12.5l4.5 4.5L19 7.5',
  due_soon: 'M12 6.5V12l3.6 2.4M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z',
  will_breach: 'M12 4L21.5 20.5h-19zM12 10v5M12 17.6v.2',
  overdue: 'M8.2 3h7.6L21 8.2v7.6L15.8 21H8.2L3 15.8V8.2zM12 7.5v5.5M12 16.2v.2',
  unknown: 'M9 9.5a3 3 0 1 1 4.3 2.7c-.9.5-1.3 1-1.3 2.1M12 17.5v.2',
};

/** Icons of events by the class of their code, as paths on 24 × 24; '' is any other class. */
export const EVENT_ICONS: Record<string, string> = {
  '01': 'M6 8h12l-1.2 11.5H7.2zM4.5 8h15M9.5 8V5h5v3M10 11.5v5M14 11.5v5',
  '02': 'M5 10v4h3l7 4.5v-13L8 10zM18 9.5a4 4 0 0 1 0 5',
  '03': 'M4.5 19.5h15M8 19.5L12 4.5l4 15M9.4 14.5h5.2M10.7 9.5h2.6',
  '04': 'M13.5 3.5L6 13.5h5l-.5 7L18 10.5h-5z',
  '05': 'M4.5 10l1.5-5h12l1.5 5M4.5 10a2.5 2.5 0 0 0 5 0 2.5 2.5 0 0 0 5 0 2.5 2.5 0 0 0 5 0M6.5 12.5V19.5h11V12.5',
  '': 'M6 4.5v16M6 5.5h11l-2.5 3.5L17 12.5H6',
};
