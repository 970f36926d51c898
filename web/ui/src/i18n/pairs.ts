// Texts as pairs of Chinese and English, so that one cannot be written without the other.

export type Pair = readonly [zh: string, en: string];
export type Pairs = Readonly<Record<string, Pair>>;

/** One language of some pairs. */
export function column<T extends Pairs>(pairs: T, language: 0 | 1): Readonly<Record<keyof T, string>> {
  const entries = Object.entries(pairs).map(([key, pair]) => [key, pair[language]]);
  return Object.fromEntries(entries) as Record<keyof T, string>;
}
