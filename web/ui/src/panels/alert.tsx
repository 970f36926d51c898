// The card of one alert: what it is about, who should be sent, and its life told as a story.

import { type SubmitEvent, useState } from 'react';
import * as api from '../data/api.ts';
import { cellName, useCity } from '../data/city.ts';
import { kindKey, subjectOf } from '../console/groups.ts';
import type { Steps } from '../console/hooks.ts';
import { SnoozeForm } from '../console/row.tsx';
import { clock, distance, moment, span } from '../words/format.ts';
import { useLoaded, useModel, useServerNow, useSignal } from '../parts/hooks.ts';
import { type Key, LOCALE, useSpeech } from '../i18n/index.ts';
import type { Alert, AlertStep, Assignment } from '../data/types.ts';
import { Await, Card, Fact, focused, LevelBadge } from '../parts/parts.tsx';

/** Officers offered besides the proposed one. */
const OFFERED = 8;

interface Props {
  id: number;
  proposal: Assignment | undefined;
  steps: Steps;
  /** Officers near the alert's place, the nearest first. */
  nearest(alert: Alert, most: number): { id: string; metres: number }[];
  onCell(code: string): void;
  onOfficer(id: string): void;
  onClose(): void;
}

export function AlertCard(props: Props) {
  const { t } = useSpeech();
  const model = useModel();
  const standing = useSignal(model.alerts).find((alert) => alert.id === props.id);
  const ended = useSignal(model.endedAlerts).find((alert) => alert.id === props.id);
  const heard = standing ?? ended;
  const loaded = useLoaded(`alert ${props.id}|${heard?.version} ${heard?.updated_at}`, () => api.alert(props.id));
  const stored = loaded.state === 'ready' ? loaded.value : undefined;
  const alert = heard ?? stored;
  if (!alert) {
    return (
      <Card kind={t('alert.kind')} title={`${props.id}`} onClose={props.onClose}>
        <Await of={loaded}>{() => <p className="quiet">{t('alert.gone')}</p>}</Await>
      </Card>
    );
  }
  return (
    <Card
      kind={`${t('alert.kind')} · ${t(kindKey(alert.kind))}`}
      title={subjectOf(alert, t)}
      badge={
        <>
          <LevelBadge level={alert.level} />
          <span className="level-badge">{t(`alertState.${alert.state}`)}</span>
        </>
      }
      onClose={props.onClose}
    >
      <Sentence alert={alert} />
      <Facts alert={alert} onCell={props.onCell} onOfficer={props.onOfficer} />
      {alert.ended_at === null && <Doing key={alert.version} {...props} alert={alert} />}
      <h3 className="list-head">{t('alert.story')}</h3>
      <Await of={loaded}>{(value) => <Story steps={value.steps ?? []} />}</Await>
    </Card>
  );
}

function Sentence({ alert }: { alert: Alert }) {
  const { language } = useSpeech();
  return <p className={`alert-note level-${alert.level}`}>{language === 'zh' ? alert.text_zh : alert.text_en}</p>;
}

function Facts({ alert, onCell, onOfficer }: { alert: Alert } & Pick<Props, 'onCell' | 'onOfficer'>) {
  const { t, language } = useSpeech();
  const city = useCity();
  const zone = useSignal(useModel().timeZone);
  const now = useServerNow();
  const at = (text: string): string => clock(Date.parse(text), zone, LOCALE[language], false);
  return (
    <dl className="facts">
      {alert.cell && (
        <Fact name={t('cell.kind')}>
          <button type="button" className="link-button" onClick={() => onCell(alert.cell as string)}>
            {cellName(city, alert.cell)}
          </button>
        </Fact>
      )}
      {alert.device && (
        <Fact name={t('officer.kind')}>
          <button type="button" className="link-button" onClick={() => onOfficer(alert.device as string)}>
            {alert.officer ?? alert.device}
          </button>
        </Fact>
      )}
      <Fact name={t('alert.since')}>
        {t('age.ago', { age: span(now - Date.parse(alert.opened_at), t) })} <small>{at(alert.opened_at)}</small>
      </Fact>
      {alert.area && <Fact name={t('alert.area')}>{city.areaNames.get(alert.area) ?? alert.area}</Fact>}
      {alert.assignee && (
        <Fact name={t('alert.assignee')}>
          <button type="button" className="link-button" onClick={() => onOfficer(alert.assignee as string)}>
            {alert.assignee}
          </button>
          {alert.task && <small> {t(`task.${alert.task}`)}</small>}
        </Fact>
      )}
      {alert.snoozed_until && <Fact name={t('alert.snoozed')}>{at(alert.snoozed_until)}</Fact>}
      {alert.escalates_at && <Fact name={t('alert.escalates')}>{at(alert.escalates_at)}</Fact>}
    </dl>
  );
}

/** Everything that can be done with an alert that stands. */
function Doing({ alert, proposal, steps, nearest }: Props & { alert: Alert }) {
  const { t } = useSpeech();
  const [asking, setAsking] = useState<'snooze' | 'escalate' | 'close' | 'note' | null>(null);
  const take = (action: api.Action): void => void steps.take(alert, action);
  const ask = (what: typeof asking) => () => setAsking(asking === what ? null : what);
  return (
    <div className="doing">
      <Sending
        alert={alert}
        proposal={proposal}
        nearest={nearest}
        onSend={(device) => take({ act: 'assign', device })}
      />
      <div className="alert-steps">
        {alert.state !== 'acknowledged' && (
          <button type="button" className="step" onClick={() => take({ act: 'acknowledge' })}>
            {t('act.acknowledge')}
          </button>
        )}
        {(['snooze', 'escalate', 'close', 'note'] as const).map((what) => (
          <button key={what} type="button" className="step" aria-expanded={asking === what} onClick={ask(what)}>
            {t(`act.${what}`)}
          </button>
        ))}
      </div>
      {asking === 'snooze' && (
        <SnoozeForm alert={alert} onStep={(_, action) => take(action)} onSnooze={() => setAsking(null)} />
      )}
      {asking && asking !== 'snooze' && (
        <WordsForm
          name={t(asking === 'note' ? 'act.noteText' : 'act.reason')}
          onSay={(text) => take(asking === 'note' ? { act: 'note', text } : { act: asking, reason: text })}
        />
      )}
      {steps.notice && (
        <p className="console-told" data-failed={steps.notice.failed}>
          {steps.notice.text}
        </p>
      )}
    </div>
  );
}

interface SendingProps extends Pick<Props, 'proposal' | 'nearest'> {
  alert: Alert;
  onSend(device: string): void;
}

function Sending({ alert, proposal, nearest, onSend }: SendingProps) {
  const { t } = useSpeech();
  const [choosing, setChoosing] = useState(false);
  return (
    <div className="sending">
      {proposal ? (
        <>
          <p>
            {t('alert.proposalOf', {
              name: proposal.officer ?? proposal.device,
              time: span(proposal.arrival_s * 1000, t),
            })}{' '}
            <small>{t('alert.proposalWay', { way: distance(proposal.way_m, t) })}</small>
          </p>
          <button type="button" className="step primary" onClick={() => onSend(proposal.device)}>
            {t('act.assign')}
          </button>
        </>
      ) : (
        <p className="quiet">{t('alert.noProposal')}</p>
      )}
      <button type="button" className="link-button" aria-expanded={choosing} onClick={() => setChoosing(!choosing)}>
        {t('alert.otherOfficer')}
      </button>
      {choosing && (
        <ul className="offers" aria-label={t('alert.nearest')}>
          {nearest(alert, OFFERED).map(({ id, metres }) => (
            <li key={id}>
              <span>
                {id} <small>{distance(metres, t)}</small>
              </span>
              <button type="button" className="step" onClick={() => onSend(id)}>
                {t('act.assign')}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function WordsForm({ name, onSay }: { name: string; onSay(text: string): void }) {
  const { t } = useSpeech();
  const [text, setText] = useState('');
  const say = (event: SubmitEvent): void => {
    event.preventDefault();
    onSay(text.trim());
  };
  return (
    <form className="words" onSubmit={say}>
      <input
        ref={focused}
        required
        maxLength={500}
        aria-label={name}
        placeholder={name}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <button type="submit" className="step primary">
        {t('act.confirm')}
      </button>
    </form>
  );
}

/** The steps as sentences, the oldest first. */
function Story({ steps }: { steps: readonly AlertStep[] }) {
  const { t, language } = useSpeech();
  const zone = useSignal(useModel().timeZone);
  if (steps.length === 0) return <p className="quiet">{t('alert.noStory')}</p>;
  return (
    <ol className="story">
      {steps.map((step) => (
        <li key={step.n} className={`level-${step.level}`}>
          <time dateTime={step.at}>{moment(Date.parse(step.at), zone, LOCALE[language])}</time>
          <span>{(language === 'zh' ? step.text_zh : step.text_en).replace(WHEN, '') || named(step, t)}</span>
          <small>{step.actor === 'system' ? t('alert.system') : step.actor}</small>
        </li>
      ))}
    </ol>
  );
}

/** The sentences begin with the moment, which stands above them. */
const WHEN = /^[\d-]+ [\d:]+ /;
const NAMED = ['opened', 'raised', 'lowered', 'resolved', 'withdrawn', 'reopened', 'closed'];

/** A step without a sentence of its own. */
function named(step: AlertStep, t: ReturnType<typeof useSpeech>['t']): string {
  return NAMED.includes(step.step) ? t(`step.${step.step}` as Key, { level: t(`level.${step.level}`) }) : step.step;
}
