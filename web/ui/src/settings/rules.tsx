// Rules as data: the values in force by scope, a dry run of other values, and saving them.

import { type SubmitEvent, useState } from 'react';
import * as api from '../data/api.ts';
import { useCity } from '../data/city.ts';
import type { DryRun, RuleField, RuleKind, RuleKinds, RuleVersion } from '../generated/rules.ts';
import { useLoaded } from '../parts/hooks.ts';
import { useSpeech } from '../i18n/index.ts';
import { Await } from '../parts/parts.tsx';
import { ScopeField, scopeName } from './scopes.tsx';
import { type Notice, NoticeLine } from './notice.tsx';
import { Compared, formatted, unitOf, Versions } from './ruleviews.tsx';

const HOUR_MS = 3_600_000;
/** Periods of dry runs, hours back from now. */
const TRIED = [1, 4, 12, 24] as const;

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

/** One kind of rules: the rule of a scope, and all versions. */
function Editor({ kind }: { kind: RuleKind }) {
  const { t } = useSpeech();
  const city = useCity();
  const [scope, setScope] = useState('city');
  const [version, setVersion] = useState(0);
  const [notice, setNotice] = useState<Notice>(null);
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
                setNotice({ text: t('settings.done'), failed: false });
                setVersion(version + 1);
              }}
              onFailed={(text) => setNotice({ text, failed: true })}
            />
            <NoticeLine notice={notice} />
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

/** The entered values as numbers; an empty field follows the wider scopes. */
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
