// The language of the page: Chinese unless the viewer chose English, remembered in the browser.

import { createContext, useContext } from 'react';
import { en } from './en.ts';
import { fill } from './fill.ts';
import type { Key, Texts } from './zh.ts';
import { zh } from './zh.ts';

export type { Key } from './zh.ts';
export type Language = 'zh' | 'en';
export type Translate = (key: Key, values?: Readonly<Record<string, string | number>>) => string;

const TEXTS: Record<Language, Texts> = { zh, en };
const STORED_AS = 'patrolgrid.language';

export const LOCALE: Record<Language, string> = { zh: 'zh-CN', en: 'en-GB' };

/** Function that answers texts in one language. */
export const translator =
  (language: Language): Translate =>
  (key, values = {}) =>
    fill(TEXTS[language][key], values);

/** The language chosen last, else Chinese. */
export function storedLanguage(): Language {
  return localStorage.getItem(STORED_AS) === 'en' ? 'en' : 'zh';
}

/** Remember the choice. */
export function storeLanguage(language: Language): void {
  localStorage.setItem(STORED_AS, language);
}

export interface Speech {
  language: Language;
  t: Translate;
}

export const SpeechContext = createContext<Speech>({ language: 'zh', t: translator('zh') });

/** Language and translator of the page. */
export const useSpeech = (): Speech => useContext(SpeechContext);
