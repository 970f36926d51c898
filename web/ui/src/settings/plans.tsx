// Patrol plans by scope, with a dry run of a plan before it is saved.

import { type SubmitEvent, useEffect, useState } from 'react';
import * as api from '../data/api.ts';
import { useCity } from '../data/city.ts';
import { moment, span } from '../words/format.ts';
import { useLoaded, useModel, useSignal } from '../parts/hooks.ts';
import { LOCALE, type Translate, useSpeech } from '../i18n/index.ts';
import { Await } from '../parts/parts.tsx';
import { ScopeField, scopeName } from './scopes.tsx';
import { type Notice, NoticeLine } from './notice.tsx';

const HOUR_S = 3_600;

/** A plan as stored; fields that this page does not change are kept. */
interface PlanBody {
  limit_s?: number | null;
  dwell_s?: number;
  path_m?: number;
  limits?: readonly unknown[];
  visits?: readonly unknown[];
  duty?: readonly unknown[];
}

interface PlanVersion {
  id: number;
  scope: string;
  plan: PlanBody | null;
  valid_from: string;
  made_by: string;
}

interface PlanTrial {
  cells: number;
  overdue: number;
  would: number;
}

/** Time without typing after which the server is asked, ms. */
const TYPED_MS = 400;

/** Number of cells that the plan would make overdue at once, by the server; null until it answers. */
function useTrial(scope: string, body: PlanBody | null): PlanTrial | null {
  const [found, setFound] = useState<{ of: string; trial: PlanTrial } | null>(null);
  const asked = JSON.stringify({ scope, plan: body });
  useEffect(() => {
    const timer = setTimeout(() => {
      api
        .send<PlanTrial>('POST', '/plans/trial', JSON.parse(asked))
        .then((trial) => setFound({ of: asked, trial }))
        .catch(() => setFound(null)); // faults of a plan are shown when it is saved
    }, TYPED_MS);
    return () => clearTimeout(timer);
  }, [asked]);
  return found?.of === asked ? found.trial : null;
}

const SCOPES = ['city', 'class', 'unit', 'grid', 'cell'] as const;
const MOST = 5_000;
const MINUTE_S = 60;

export function PlansPage() {
  const { t } = useSpeech();
  const [version, setVersion] = useState(0);
  const [scope, setScope] = useState('class:business');
  const [notice, setNotice] = useState<Notice>(null);
  const loaded = useLoaded(`plans|${version}`, () => api.all<PlanVersion>('/plans', MOST));
  return (
    <>
      <p className="quiet">{t('plan.help')}</p>
      <Await of={loaded}>
        {(plans) => {
          const current = plans.find((one) => one.scope === scope);
          return (
            <>
              <div className="form-box">
                <ScopeField scope={scope} kinds={SCOPES} marked={plans.map((one) => one.scope)} onScope={setScope} />
                <PlanForm
                  key={`${scope} ${current?.id}`}
                  scope={scope}
                  plan={current?.plan ?? {}}
                  onNotice={(said) => {
                    setNotice(said);
                    if (!said?.failed) setVersion(version + 1);
                  }}
                />
              </div>
              <NoticeLine notice={notice} />
              <Plans plans={plans} onScope={setScope} />
            </>
          );
        }}
      </Await>
    </>
  );
}

const seconds = (value: number | null | undefined, t: Translate): string =>
  value === null || value === undefined ? '—' : span(value * 1000, t);

function Plans({ plans, onScope }: { plans: readonly PlanVersion[]; onScope(scope: string): void }) {
  const { t, language } = useSpeech();
  const zone = useSignal(useModel().timeZone);
  const city = useCity();
  const heads = ['plan.scope', 'cell.limit', 'plan.dwell', 'plan.path', 'settings.since', 'settings.madeBy'] as const;
  return (
    <div className="table-scroll">
      <table>
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col">
                {t(head)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {plans.map(({ id, scope, plan, valid_from, made_by }) => (
            <tr key={id}>
              <td>
                <button type="button" className="link-button" onClick={() => onScope(scope)}>
                  {scopeName(scope, city, t)}
                </button>
              </td>
              <td>
                {seconds(plan?.limit_s, t)}
                {plan?.limits && plan.limits.length > 0 && <small> {t('plan.peaks', { n: plan.limits.length })}</small>}
              </td>
              <td>{seconds(plan?.dwell_s, t)}</td>
              <td>{plan?.path_m === undefined ? '—' : t('unit.m', { n: plan.path_m })}</td>
              <td>{moment(Date.parse(valid_from), zone, LOCALE[language])}</td>
              <td>{made_by}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface FormProps {
  scope: string;
  plan: PlanBody;
  onNotice(notice: Notice): void;
}

const shown = (value: number | null | undefined, unit: number): string =>
  value === null || value === undefined ? '' : String(value / unit);

/** The plan with the entered values; an empty field follows the wider scopes. */
function planned(plan: PlanBody, hours: string, dwell: string, path: string): PlanBody | null {
  const { limit_s: _limit, dwell_s: _dwell, path_m: _path, ...kept } = plan;
  const body: PlanBody = {
    ...kept,
    ...(hours && { limit_s: Math.round(Number(hours) * HOUR_S) }),
    ...(dwell && { dwell_s: Math.round(Number(dwell) * MINUTE_S) }),
    ...(path && { path_m: Number(path) }),
  };
  return Object.keys(body).length > 0 ? body : null;
}

function PlanForm({ scope, plan, onNotice }: FormProps) {
  const { t } = useSpeech();
  const [hours, setHours] = useState(() => shown(plan.limit_s, HOUR_S));
  const [dwell, setDwell] = useState(() => shown(plan.dwell_s, MINUTE_S));
  const [path, setPath] = useState(() => shown(plan.path_m, 1));
  const body = planned(plan, hours, dwell, path);
  const trial = useTrial(scope, body);
  const give = (event: SubmitEvent): void => {
    event.preventDefault();
    api
      .send('POST', '/plans', { scope, plan: body })
      .then(() => onNotice({ text: t('plan.given'), failed: false }))
      .catch((error: Error) => onNotice({ text: error.message, failed: true }));
  };
  const kept = [plan.limits, plan.visits, plan.duty].reduce((sum, list) => sum + (list?.length ?? 0), 0);
  return (
    <form className="fields" onSubmit={give}>
      <NumberField name={t('plan.limitHours')} least={0.1} most={720} text={hours} onText={setHours} />
      <NumberField name={t('plan.dwellMinutes')} least={0.1} most={1440} text={dwell} onText={setDwell} />
      <NumberField name={t('plan.pathMetres')} least={0} most={100_000} text={path} onText={setPath} />
      <button type="submit" className="step primary" disabled={body === null && Object.keys(plan).length === 0}>
        {t(body === null && Object.keys(plan).length > 0 ? 'rule.giveNone' : 'plan.give')}
      </button>
      {trial && <output className="trial">{t('plan.trial', { ...trial })}</output>}
      {kept > 0 && <p className="quiet">{t('plan.kept', { n: kept })}</p>}
    </form>
  );
}

interface NumberProps {
  name: string;
  least: number;
  most: number;
  text: string;
  onText(text: string): void;
}

function NumberField({ name, least, most, text, onText }: NumberProps) {
  const { t } = useSpeech();
  return (
    <label>
      {name}
      <input
        type="number"
        min={least}
        max={most}
        step="any"
        placeholder={t('plan.wider')}
        value={text}
        onChange={(event) => onText(event.target.value)}
      />
    </label>
  );
}
