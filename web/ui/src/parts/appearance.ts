// Language and theme: set on the root element of the page and remembered.

import { useSignal } from './hooks.ts';
import { type Language, LOCALE, storedLanguage, storeLanguage } from '../i18n/index.ts';
import type { Theme } from '../map/palette.ts';
import { Signal } from './signal.ts';
import { storedTheme, storeTheme } from './theme.ts';

export interface Appearance {
  language: Language;
  theme: Theme;
  toggleLanguage(): void;
  toggleTheme(): void;
}

const language = new Signal<Language>(storedLanguage());
const theme = new Signal<Theme>(storedTheme());

function toggleLanguage(): void {
  language.set(language.get() === 'zh' ? 'en' : 'zh');
  storeLanguage(language.get());
}

function toggleTheme(): void {
  theme.set(theme.get() === 'dark' ? 'light' : 'dark');
  storeTheme(theme.get());
}

/** Keep the root element of the page in step. */
export function applyTaste(): void {
  const apply = (): void => {
    document.documentElement.lang = LOCALE[language.get()];
    document.documentElement.dataset.theme = theme.get();
  };
  apply();
  language.subscribe(apply);
  theme.subscribe(apply);
}

export const useAppearance = (): Appearance => ({
  language: useSignal(language),
  theme: useSignal(theme),
  toggleLanguage,
  toggleTheme,
});
