// Text for a device between cells whose cell is unknown.

import { type City, cellName } from '../data/city.ts';
import type { Translate } from '../i18n/index.ts';
import type { Stay } from '../data/types.ts';

export function cellsBetween(city: City, { cell, other }: Pick<Stay, 'cell' | 'other'>, t: Translate): string {
  const one = cellName(city, cell);
  return other ? t('stay.between.two', { one, other: cellName(city, other) }) : t('stay.between.edge', { one });
}

/** Who was there, from when to when, as a card says why the state of a cell is not known. */
export function whyUnknown(city: City, stay: Stay, clock: (ms: number) => string, t: Translate): string {
  const [from, to] = [clock(Date.parse(stay.t_in)), clock(Date.parse(stay.t_out))];
  return t('stay.between.why', { who: stay.device ?? '–', from, to, where: cellsBetween(city, stay, t) });
}
