// One alert in the list: what, since when, why, who has it; the chosen one with its steps.

import { type SubmitEvent, useState } from 'react';
import type { Action } from '../data/api.ts';
import { distance, span } from '../words/format.ts';
import { type Language, type Translate, useSpeech } from '../i18n/index.ts';
import { focused, LevelBadge } from '../parts/parts.tsx';
import type { Alert, Assignment } from '../data/types.ts';
import { dueOf, subjectOf } from './groups.ts';
import { useFirstEscape } from './hooks.ts';

export const REASONS = ['planned', 'known', 'access', 'other'] as const;
export const MINUTES = [15, 30, 60, 240] as const;

export interface RowActions {
  onChoose(alert: Alert): void;
  onOpen(alert: Alert): void;
  onStep(alert: Alert, action: Action): void;
  onSnooze(alert: Alert | null): void;
}

interface Props extends RowActions {
  alert: Alert;
  now: number;
  chosen: boolean;
  snoozing: boolean;
  proposal: Assignment | undefined;
}

export function AlertRow(props: Props) {
  const { alert, now, chosen } = props;
  const { t, language } = useSpeech();
  return (
    <li className={`alert-item level-${alert.level} is-${alert.state}`} id={`alert-${alert.id}`}>
      <button
        type="button"
        className="alert-row"
        aria-current={chosen}
        onClick={() => props.onChoose(alert)}
        onDoubleClick={() => props.onOpen(alert)}
      >
        <span className="alert-meta">
          <LevelBadge level={alert.level} />
          <span className="alert-cell">{subjectOf(alert, t)}</span>
          <Clock alert={alert} now={now} />
        </span>
        {alert.state !== 'open' && <Standing alert={alert} now={now} />}
        <span className="alert-text">{reasonOf(alert, language, t)}</span>
        {chosen && props.proposal && (
          <span className="alert-proposal">
            {t('alert.proposal')}{' '}
            {t('alert.proposalOf', {
              name: props.proposal.officer ?? props.proposal.device,
              time: span(props.proposal.arrival_s * 1000, t),
            })}{' '}
            · {distance(props.proposal.way_m, t)}
          </span>
        )}
      </button>
      {chosen && alert.ended_at === null && (props.snoozing ? <SnoozeForm {...props} /> : <StepButtons {...props} />)}
    </li>
  );
}

/** Why, without the name that stands above it. */
function reasonOf(alert: Alert, language: Language, t: Translate): string {
  const text = language === 'zh' ? alert.text_zh : alert.text_en;
  const name = subjectOf(alert, t);
  return text.startsWith(name) ? text.slice(name.length).replace(/^[\s,,、::]+/, '') : text;
}

/** How long until the limit, how long over it, or how old. */
function Clock({ alert, now }: { alert: Alert; now: number }) {
  const { t } = useSpeech();
  const due = dueOf(alert);
  if (alert.ended_at !== null) {
    return <span className="alert-age">{t('age.ago', { age: span(now - Date.parse(alert.ended_at), t) })}</span>;
  }
  if (due === null) return <span className="alert-age">{span(now - Date.parse(alert.opened_at), t)}</span>;
  return due > now ? (
    <span className="alert-age">{t('alert.left', { time: span(due - now, t) })}</span>
  ) : (
    <span className="alert-age over">{t('alert.over', { time: span(now - due, t) })}</span>
  );
}

/** Who has taken it on, and until when it is put off. */
function Standing({ alert, now }: { alert: Alert; now: number }) {
  const { t } = useSpeech();
  const parts = [t(`alertState.${alert.state}`)];
  if (alert.assignee) parts.push(alert.assignee);
  if (alert.task) parts.push(t(`task.${alert.task}`));
  if (alert.state === 'snoozed' && alert.snoozed_until) {
    parts.push(span(Date.parse(alert.snoozed_until) - now, t));
  }
  if (alert.state === 'acknowledged' || alert.state === 'closed') parts.push(alert.actor);
  return <span className="alert-standing">{parts.join(' · ')}</span>;
}

function StepButtons({ alert, proposal, onStep, onSnooze, onOpen }: Props) {
  const { t } = useSpeech();
  return (
    <div className="alert-steps">
      {alert.state !== 'acknowledged' && alert.state !== 'assigned' && (
        <button type="button" className="step" onClick={() => onStep(alert, { act: 'acknowledge' })}>
          {t('act.acknowledge')} <kbd>A</kbd>
        </button>
      )}
      <button
        type="button"
        className="step"
        onClick={() => (proposal ? onStep(alert, { act: 'assign', device: proposal.device }) : onOpen(alert))}
      >
        {t('act.assign')} <kbd>D</kbd>
      </button>
      <button type="button" className="step" onClick={() => onSnooze(alert)}>
        {t('act.snooze')} <kbd>S</kbd>
      </button>
      <button type="button" className="step" onClick={() => onOpen(alert)}>
        {t('act.open')} <kbd>O</kbd>
      </button>
    </div>
  );
}

/** Reason and length of a pause; Enter confirms what is chosen. */
export function SnoozeForm({ alert, onStep, onSnooze }: Pick<Props, 'alert' | 'onStep' | 'onSnooze'>) {
  const { t } = useSpeech();
  const [reason, setReason] = useState<(typeof REASONS)[number]>('planned');
  const [own, setOwn] = useState('');
  const [minutes, setMinutes] = useState<number>(30);
  useFirstEscape(() => onSnooze(null));
  const confirm = (event: SubmitEvent): void => {
    event.preventDefault();
    onStep(alert, { act: 'snooze', minutes, reason: own.trim() || t(`reason.${reason}`) });
    onSnooze(null);
  };
  return (
    <form className="snooze" onSubmit={confirm}>
      <label>
        {t('act.reason')}
        <select ref={focused} value={reason} onChange={(event) => setReason(event.target.value as typeof reason)}>
          {REASONS.map((one) => (
            <option key={one} value={one}>
              {t(`reason.${one}`)}
            </option>
          ))}
        </select>
      </label>
      {reason === 'other' && (
        <input
          required
          maxLength={200}
          aria-label={t('act.reason')}
          value={own}
          onChange={(event) => setOwn(event.target.value)}
        />
      )}
      <div className="segmented" role="group" aria-label={t('act.for')}>
        {MINUTES.map((one) => (
          <button key={one} type="button" aria-pressed={one === minutes} onClick={() => setMinutes(one)}>
            {t('act.minutes', { n: one })}
          </button>
        ))}
      </div>
      <div className="alert-steps">
        <button type="submit" className="step primary">
          {t('act.confirm')} <kbd>↵</kbd>
        </button>
        <button type="button" className="step" onClick={() => onSnooze(null)}>
          {t('act.cancel')}
        </button>
      </div>
    </form>
  );
}
