// Rules as data: what each value means, what holds, what other values would have told, and putting them in force.

import { type SubmitEvent, useState } from 'react';
import * as api from '../data/api.ts';
import { useCity } from '../data/city.ts';
import { moment } from '../words/format.ts';
import type { DryRun, RuleField, RuleKind, RuleKinds, RuleVersion } from '../generated/rules.ts';
import { useLoaded, useModel, useSignal } from '../parts/hooks.ts';
import { type Key, LOCALE, type Translate, useSpeech } from '../i18n/index.ts';
import { Await } from '../parts/parts.tsx';
import { ScopeField, scopeName } from './scopes.tsx';
import { type Told, Telling } from './telling.tsx';

const HOUR_MS = 3_600_000;
/** Periods that values are tried on, hours back from now. */
const TRIED = [1, 4, 12, 24] as const;
const COUNTS = ['pre_warnings', 'needless', 'breaches', 'warned', 'lead_min', 'understaffed'] as const;

type Drafts = Readonly<Record<string, string>>;
type Values = Record<string, unknown>;

export function RulesPage() {
  const { t, language } = useSpeech();
  const [name, setName] = useState<RuleKind['name']>('warning');
  const kinds = useLoaded('rule kinds', (signal) => api.get<RuleKinds>('/rules/kinds', signal));
  return (
    <>
      <p className="quiet">{t('rule.help')}</p>
      <Await of={kinds}>
        {({ items }) => {
          const kind = items.find((one) => one.name === name) ?? items[0];
          return (
            <>
              <div className="segmented kinds" role="group" aria-label={t('rule.kind')}>
                {items.map((one) => (
                  <button key={one.name} type="button" aria-pressed={one === kind} onClick={() => setName(one.name)}>
                    {language === 'zh' ? one.zh : one.en}
                  </button>
                ))}
              </div>
              <Editor key={kind.name} kind={kind} />
            </>
          );
        }}
      </Await>
    </>
  );
}

/** One kind of rules: the rule of a scope, and the versions there were. */
function Editor({ kind }: { kind: RuleKind }) {
  const { t } = useSpeech();
  const city = useCity();
  const [scope, setScope] = useState('city');
  const [version, setVersion] = useState(0);
  const [told, setTold] = useState<Told>(null);
  const inForce = useLoaded(`rules ${kind.name}|${version}`, () =>
    api.all<RuleVersion>(`/rules?kind=${kind.name}`, 5_000),
  );
  return (
    <Await of={inForce}>
      {(versions) => {
        const current = versions.find((one) => one.scope === scope);
        return (
          <>
            <div className="rule-scope">
              {kind.scopes.length > 1 && (
                <ScopeField
                  scope={scope}
                  kinds={kind.scopes}
                  onScope={setScope}
                  marked={versions.map((one) => one.scope)}
                />
              )}
              <p className="quiet">
                {current
                  ? t('rule.own', { scope: scopeName(scope, city, t) })
                  : t('rule.none', { scope: scopeName(scope, city, t) })}
              </p>
            </div>
            <ValuesForm
              key={`${scope} ${current?.id}`}
              kind={kind}
              scope={scope}
              current={current}
              onMade={() => {
                setTold({ text: t('settings.done'), failed: false });
                setVersion(version + 1);
              }}
              onFailed={(text) => setTold({ text, failed: true })}
            />
            <Telling told={told} />
            <Versions key={version} kind={kind} />
          </>
        );
      }}
    </Await>
  );
}

interface FormProps {
  kind: RuleKind;
  scope: string;
  current: RuleVersion | undefined;
  onMade(): void;
  onFailed(text: string): void;
}

const UNITS = ['s', 'min', 'm', 'm/s', 'km/h', '%'];
const unitOf = (field: RuleField, t: Translate): string =>
  UNITS.includes(field.unit) ? t(`unit.of.${field.unit}` as Key) : field.unit;

const formatted = (value: unknown): string =>
  Array.isArray(value) ? value.join(', ') : value === undefined ? '' : String(value);

/** What was typed, as numbers; a field left empty is ruled by wider scopes. */
function valuesOf(fields: readonly RuleField[], drafts: Drafts, kept: Values): Values | null {
  const values: Values = {};
  for (const field of fields) {
    const text = (drafts[field.name] ?? '').trim();
    if (text)
      values[field.name] =
        field.several > 0
          ? text
              .split(/[,，、\s]+/)
              .filter(Boolean)
              .map(Number)
          : Number(text);
  }
  if (kept.hours !== undefined) values.hours = kept.hours;
  return Object.keys(values).length > 0 ? values : null;
}

function ValuesForm({ kind, scope, current, onMade, onFailed }: FormProps) {
  const { t } = useSpeech();
  const kept: Values = current?.values ?? {};
  const fields = kind.fields.filter((field) => !field.city_only || scope === 'city');
  const [drafts, setDrafts] = useState<Drafts>(() =>
    Object.fromEntries(fields.map((field) => [field.name, formatted(kept[field.name])])),
  );
  const [busy, setBusy] = useState(false);
  const [hours, setHours] = useState<number>(4);
  const [run, setRun] = useState<DryRun | null>(null);
  const values = valuesOf(fields, drafts, kept);
  const work = async (act: () => Promise<void>): Promise<void> => {
    setBusy(true);
    try {
      await act();
    } catch (error) {
      onFailed((error as Error).message);
    } finally {
      setBusy(false);
    }
  };
  const give = (event: SubmitEvent): void => {
    event.preventDefault();
    void work(async () => {
      await api.send('POST', '/rules', { kind: kind.name, scope, values });
      onMade();
    });
  };
  const dryRun = (): void =>
    void work(async () => {
      const to = Date.now() - 1000;
      const period = { from: new Date(to - hours * HOUR_MS).toISOString(), to: new Date(to).toISOString() };
      setRun(await api.send<DryRun>('POST', '/rules/dry-run', { kind: kind.name, scope, values, ...period }));
    });
  return (
    <form className="rule-form" onSubmit={give}>
      <div className="rule-fields">
        {fields.map((field) => (
          <ValueField
            key={field.name}
            field={field}
            text={drafts[field.name] ?? ''}
            onText={(text) => setDrafts({ ...drafts, [field.name]: text })}
          />
        ))}
      </div>
      {kept.hours !== undefined && (
        <p className="quiet">{t('rule.hoursKept', { n: (kept.hours as unknown[]).length })}</p>
      )}
      <div className="rule-acts">
        {kind.dry_run && (
          <>
            <label>
              {t('rule.period')}
              <select value={hours} onChange={(event) => setHours(Number(event.target.value))}>
                {TRIED.map((n) => (
                  <option key={n} value={n}>
                    {t('rule.lastHours', { n })}
                  </option>
                ))}
              </select>
            </label>
            <button type="button" className="step" disabled={busy} onClick={dryRun}>
              {t('rule.try')}
            </button>
          </>
        )}
        <button type="submit" className="step primary" disabled={busy || (values === null && !current)}>
          {t(values === null && current ? 'rule.giveNone' : 'plan.give')}
        </button>
        {busy && <span role="status">{t('rule.busy')}</span>}
      </div>
      {run && <Compared run={run} />}
    </form>
  );
}

interface FieldProps {
  field: RuleField;
  text: string;
  onText(text: string): void;
}

function ValueField({ field, text, onText }: FieldProps) {
  const { t, language } = useSpeech();
  const id = `rule-${field.name}`;
  const range = t('rule.range', { least: field.least, most: field.most, unit: unitOf(field, t) });
  return (
    <div className="rule-field">
      <label htmlFor={id}>{language === 'zh' ? field.zh : field.en}</label>
      <span className="rule-input">
        {field.several > 0 ? (
          <input
            id={id}
            pattern="[0-9.,，、 ]*"
            title={range}
            placeholder={formatted(field.default)}
            value={text}
            onChange={(event) => onText(event.target.value)}
          />
        ) : (
          <input
            id={id}
            type="number"
            min={field.least}
            max={field.most}
            step={field.whole ? 1 : 'any'}
            title={range}
            placeholder={formatted(field.default)}
            value={text}
            onChange={(event) => onText(event.target.value)}
          />
        )}
        <small>{unitOf(field, t)}</small>
      </span>
    </div>
  );
}

/** What the values would have told in the period, beside what the rules in force would have. */
function Compared({ run }: { run: DryRun }) {
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

/** Versions of a kind, the one made last first. */
function Versions({ kind }: { kind: RuleKind }) {
  const { t, language } = useSpeech();
  const city = useCity();
  const zone = useSignal(useModel().timeZone);
  const loaded = useLoaded(`history ${kind.name}`, (signal) =>
    api.get<api.Listed<RuleVersion>>(`/rules/history?kind=${kind.name}&limit=50`, signal),
  );
  const at = (time: string): string => moment(Date.parse(time), zone, LOCALE[language]);
  const names = new Map(kind.fields.map((field) => [field.name, field]));
  const said = (values: RuleVersion['values']): string =>
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
                      <td>{said(one.values)}</td>
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
