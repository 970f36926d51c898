// Ages, distances and times as people read them. Pure.

import type { Key } from '../i18n/zh.ts';

type T = (key: Key, values?: Readonly<Record<string, string | number>>) => string;

/** A length of time, rounded down to what matters at its size. */
export function span(ms: number, t: T): string {
  const seconds = Math.floor(Math.max(0, ms) / 1000);
  if (seconds < 1) return t('age.now');
  if (seconds < 60) return t('age.s', { s: seconds });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10 && seconds % 60) return t('age.ms', { m: minutes, s: seconds % 60 });
  if (minutes < 60) return t('age.m', { m: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? t('age.hm', { h: hours, m: minutes % 60 }) : t('age.h', { h: hours });
  const days = Math.floor(hours / 24);
  return hours % 24 ? t('age.dh', { d: days, h: hours % 24 }) : t('age.d', { d: days });
}

/** Metres, or kilometres from one on. */
export function distance(metres: number, t: T): string {
  return metres < 1000 ? t('unit.m', { n: Math.round(metres) }) : t('unit.km', { n: (metres / 1000).toFixed(1) });
}

/** m/s as km/h. */
export function kmh(metresPerSecond: number, t: T): string {
  const value = metresPerSecond * 3.6;
  return t('unit.kmh', { n: value < 10 ? value.toFixed(1) : Math.round(value) });
}

/** The eighth of the compass a course points to. */
export function compass(degrees: number, t: T): string {
  const eighth = Math.round((((degrees % 360) + 360) % 360) / 45) % 8;
  return t(`compass.${eighth}` as Key);
}

/** Time of day in the city. */
export function clock(ms: number, timeZone: string, locale: string, seconds = true): string {
  return new Intl.DateTimeFormat(locale, {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    ...(seconds ? { second: '2-digit' } : {}),
    hourCycle: 'h23',
  }).format(ms);
}

/** Date and time in the city, for what may be of another day. */
export function moment(ms: number, timeZone: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, {
    timeZone,
    month: 'numeric',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(ms);
}
