// Views of rules: values in words, a dry run compared with the rules in force, and all versions.

import * as api from '../data/api.ts';
import { useCity } from '../data/city.ts';
import { moment } from '../words/format.ts';
import type { DryRun, RuleField, RuleKind, RuleVersion } from '../generated/rules.ts';
import { useLoaded, useModel, useSignal } from '../parts/hooks.ts';
import { type Key, LOCALE, type Translate, useSpeech } from '../i18n/index.ts';
import { Await } from '../parts/parts.tsx';
import { scopeName } from './scopes.tsx';

const UNITS = ['s', 'min', 'm', 'm/s', 'km/h', '%'];
export const unitOf = (field: RuleField, t: Translate): string =>
  UNITS.includes(field.unit) ? t(`unit.of.${field.unit}` as Key) : field.unit;

export const formatted = (value: unknown): string =>
  Array.isArray(value) ? value.join(', ') : value === undefined ? '' : String(value);

const COUNTS = ['pre_warnings', 'needless', 'breaches', 'warned', 'lead_min', 'understaffed'] as const;

/** Counts of a dry run, compared with those of the rules in force. */
export function Compared({ run }: { run: DryRun }) {
  const { t, language } = useSpeech();
  const shown = (value: number | null): string => (value === null ? '—' : String(Math.round(value * 10) / 10));
  return (
    <div className="dry-run" role="status">
      <p>{language === 'zh' ? run.text_zh : run.text_en}</p>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('rule.counted')}</th>
            <th scope="col">{t('rule.inForce')}</th>
            <th scope="col">{t('rule.given')}</th>
          </tr>
        </thead>
        <tbody>
          {COUNTS.map((name) => (
            <tr key={name}>
              <th scope="row">{t(`rule.count.${name}`)}</th>
              <td>{shown(run.in_force[name])}</td>
              <td className={run.given[name] === run.in_force[name] ? '' : 'differs'}>{shown(run.given[name])}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className="quiet">{t('rule.recorded', { n: run.recorded })}</p>
    </div>
  );
}

/** Versions of a kind, the latest created first. */
export function Versions({ kind }: { kind: RuleKind }) {
  const { t, language } = useSpeech();
  const city = useCity();
  const zone = useSignal(useModel().timeZone);
  const loaded = useLoaded(`history ${kind.name}`, (signal) =>
    api.get<api.Listed<RuleVersion>>(`/rules/history?kind=${kind.name}&limit=50`, signal),
  );
  const at = (time: string): string => moment(Date.parse(time), zone, LOCALE[language]);
  const names = new Map(kind.fields.map((field) => [field.name, field]));
  const inWords = (values: RuleVersion['values']): string =>
    values === null
      ? t('rule.ended')
      : Object.entries(values)
          .map(([name, value]) => {
            const field = names.get(name);
            if (!field) return t('rule.hoursSome', { n: Array.isArray(value) ? value.length : 0 });
            return `${language === 'zh' ? field.zh : field.en} ${formatted(value)} ${unitOf(field, t)}`.trim();
          })
          .join('; ');
  return (
    <>
      <h4>{t('rule.history')}</h4>
      <Await of={loaded}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="quiet">{t('rule.noHistory')}</p>
          ) : (
            <div className="table-scroll">
              <table>
                <thead>
                  <tr>
                    {(
                      ['plan.scope', 'rule.values', 'settings.since', 'settings.until', 'settings.madeBy'] as const
                    ).map((key: Key) => (
                      <th key={key} scope="col">
                        {t(key)}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {items.map((one) => (
                    <tr key={one.id}>
                      <td>{scopeName(one.scope, city, t)}</td>
                      <td>{inWords(one.values)}</td>
                      <td>{at(one.valid_from)}</td>
                      <td>{one.valid_to ? at(one.valid_to) : '—'}</td>
                      <td>{one.made_by}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Await>
    </>
  );
}
