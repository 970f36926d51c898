// The files that operators import: the grid, the roads, the checkpoints.

import { distance } from '../words/format.ts';
import type { CheckpointImport, GridImport, RoadImport } from '../generated/imports.ts';
import type { Importable } from './importing.tsx';

export const GRID: Importable<GridImport> = {
  path: '/grids/import',
  help: 'grid.help',
  file: 'grid.file',
  forms: ['geojson'],
  onCells: false,
  tell: ({ done, cells, added, changed, ended, areas }, t) =>
    t(done ? 'grid.done' : 'grid.would', { cells, added, changed, ended, areas }),
};

export const ROADS: Importable<RoadImport> = {
  path: '/roads/import',
  help: 'roads.help',
  file: 'roads.file',
  forms: ['geojson'],
  onCells: true,
  tell: ({ done, length_m, inside_m, added, ended }, t) =>
    t(done ? 'roads.done' : 'roads.would', {
      length: distance(length_m, t),
      inside: distance(inside_m, t),
      added,
      ended,
    }),
};

export const CHECKPOINTS: Importable<CheckpointImport> = {
  path: '/checkpoints/import',
  help: 'checkpoints.help',
  file: 'checkpoints.file',
  forms: ['geojson', 'csv'],
  onCells: true,
  tell: ({ done, checkpoints, added, ended }, t) =>
    t(done ? 'checkpoints.done' : 'checkpoints.would', { checkpoints, added, ended }),
};
