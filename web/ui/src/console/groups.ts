// Alerts in groups that a commander thinks in: by level, street or kind. Pure.

import type { Translate } from '../i18n/index.ts';
import type { Key } from '../i18n/zh.ts';
import { LEVELS } from '../live/model.ts';
import type { Alert, AlertLevel } from '../data/types.ts';

export const GROUPINGS = ['byLevel', 'byStreet', 'byKind'] as const;
export type Grouping = (typeof GROUPINGS)[number];

export interface Group {
  key: string;
  /** Of the gravest alert in it. */
  level: AlertLevel;
  /** In the order they came in: the gravest first. */
  alerts: Alert[];
}

/** Kinds of alerts this page has a name for. */
const KINDS = [
  'coverage_gap',
  'understaffed',
  'not_arrived',
  'left_post',
  'out_of_area',
  'overlong_stay',
  'lost_contact',
  'low_battery',
  'poor_accuracy',
  'clock_skew',
  'fake_track',
  'single_officer',
  'recorder_off',
  'wrong_datum',
  'riding',
  'crowding',
  'double_sign_in',
  'deaf',
  'sos',
];

/** Name of a kind of alert. */
export const kindKey = (kind: string): Key => (KINDS.includes(kind) ? (`kind.${kind}` as Key) : 'kind.other');

function keyOf(alert: Alert, by: Grouping): string {
  if (by === 'byLevel') return alert.level;
  return by === 'byStreet' ? (alert.area ?? '') : alert.kind;
}

/** Groups in the order of their first alert; the alerts must be ranked. */
export function grouped(alerts: readonly Alert[], by: Grouping): Group[] {
  const groups = new Map<string, Group>();
  for (const alert of alerts) {
    const key = keyOf(alert, by);
    const group = groups.get(key);
    if (!group) groups.set(key, { key, level: alert.level, alerts: [alert] });
    else {
      group.alerts.push(alert);
      if (LEVELS.indexOf(alert.level) < LEVELS.indexOf(group.level)) group.level = alert.level;
    }
  }
  const all = [...groups.values()];
  return by === 'byLevel' ? all.toSorted((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level)) : all;
}

/** The first `most` alerts, and the chosen one wherever it stands: what is chosen never leaves the list. */
export const shownOf = (alerts: readonly Alert[], most: number, chosen: number | null): Alert[] =>
  alerts.filter((alert, n) => n < most || alert.id === chosen);

/** The alert before or after one in the list as shown; the first when none is chosen or it is gone. */
export function neighbour(groups: readonly Group[], id: number | null, step: 1 | -1): Alert | undefined {
  const all = groups.flatMap((group) => group.alerts);
  const at = all.findIndex((alert) => alert.id === id);
  if (at < 0) return all[0];
  return all[Math.min(all.length - 1, Math.max(0, at + step))];
}

/** What the alert is about: a cell, a device, or the area its facts name. */
export function subjectOf(alert: Alert, t: Translate): string {
  const { name } = alert.facts;
  return alert.cell_name ?? alert.cell ?? alert.device ?? (typeof name === 'string' ? name : t(kindKey(alert.kind)));
}

/** When the limit of a coverage gap is reached, ms; null for other kinds. */
export function dueOf(alert: Alert): number | null {
  const { due } = alert.facts;
  const at = typeof due === 'string' ? Date.parse(due) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}
