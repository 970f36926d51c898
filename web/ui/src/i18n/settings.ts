// Texts of the settings.

import type { Pairs } from './pairs.ts';

export const settings = {
  'settings.title': ['设置', 'Settings'],
  'settings.loading': ['正在载入设置…', 'Loading the settings…'],
} as const satisfies Pairs;
