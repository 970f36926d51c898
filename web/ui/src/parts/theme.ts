// Dark or light: as the viewer chose last, else as their system prefers.

import type { Theme } from '../map/palette.ts';

const STORED_AS = 'patrolgrid.theme';

export function storedTheme(): Theme {
  const stored = localStorage.getItem(STORED_AS);
  if (stored === 'dark' || stored === 'light') return stored;
  return matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark';
}

export function storeTheme(theme: Theme): void {
  localStorage.setItem(STORED_AS, theme);
}
