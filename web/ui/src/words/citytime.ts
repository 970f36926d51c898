// Times of the city in fields of a form, whatever the zone of the computer. Pure.

import { useState } from 'react';
import type { Span } from '../screens/url.ts';

/** What the clocks of the zone show at `ms`, as if it were UTC. */
function wall(ms: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(ms);
  const part = (type: string): number => Number(parts.find((one) => one.type === type)?.value);
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
}

/** A moment as the value of an input of the type datetime-local. */
export const toField = (ms: number, zone: string): string => new Date(wall(ms, zone)).toISOString().slice(0, 16);

/** The moment that an input of the type datetime-local says; NaN when it is empty. */
export function fromField(text: string, zone: string): number {
  const meant = Date.parse(`${text}Z`);
  if (Number.isNaN(meant)) return Number.NaN;
  // Twice, so that an hour at which the zone's offset changes is met.
  let at = meant - (wall(meant, zone) - meant);
  at = meant - (wall(at, zone) - at);
  return at;
}

/** The day of the city a moment belongs to, as YYYY-MM-DD. */
export const dayOf = (ms: number, zone: string): string => new Date(wall(ms, zone)).toISOString().slice(0, 10);

/** Two fields for a stretch of time; `span` is null while they say none. */
export function usePeriod(start: Span, zone: string) {
  const [from, setFrom] = useState(() => toField(start.from, zone));
  const [to, setTo] = useState(() => toField(start.to, zone));
  const [begin, end] = [fromField(from, zone), fromField(to, zone)];
  const set = (span: Span): void => {
    setFrom(toField(span.from, zone));
    setTo(toField(span.to, zone));
  };
  return { from, to, setFrom, setTo, set, span: begin < end ? { from: begin, to: end } : null };
}
