// The alert console: what stands, ranked and grouped, with one keystroke for each step.

import { useEffect, useState } from 'react';
import type { Action } from '../data/api.ts';
import { useCity } from '../data/city.ts';
import { type Group, type Grouping, GROUPINGS, grouped, kindKey, neighbour, shownOf } from '../console/groups.ts';
import { type Proposals, type Steps, useKeys, useSound } from '../console/hooks.ts';
import { AlertRow, type RowActions } from '../console/row.tsx';
import { useModel, useServerNow, useSignal } from '../parts/hooks.ts';
import { useSpeech } from '../i18n/index.ts';
import { Icon } from '../parts/icons.tsx';
import { LEVELS } from '../live/model.ts';
import type { Alert } from '../data/types.ts';
import { IconButton } from '../parts/parts.tsx';

/** Rows drawn of a group before the viewer asks for more: a thousand alerts must not make the page slow. */
const SHOWN_FIRST = 40;

interface Props {
  chosen: number | null;
  proposals: Proposals;
  steps: Steps;
  /** Keys are for what covers the list. */
  covered: boolean;
  onChoose(alert: Alert): void;
  onOpen(alert: Alert): void;
  onClose(): void;
}

export function AlertsPanel({ chosen, proposals, steps, covered, onChoose, onOpen, onClose }: Props) {
  const { t } = useSpeech();
  const model = useModel();
  const alerts = useSignal(model.alerts);
  const ended = useSignal(model.endedAlerts);
  const now = useServerNow();
  const [by, setBy] = useState<Grouping>('byLevel');
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const [snoozing, setSnoozing] = useState<number | null>(null);
  const groups = grouped(alerts, by);
  const open = groups.filter((group) => !folded.has(group.key));
  const current = alerts.find((alert) => alert.id === chosen);
  const step = (alert: Alert, action: Action): void => void steps.take(alert, action);
  const move = (way: 1 | -1) => () => {
    const next = neighbour(open, chosen, way);
    if (next) onChoose(next);
  };
  const withCurrent = (act: (alert: Alert) => void) => () => {
    if (current) act(current);
  };
  useKeys(
    {
      j: move(1),
      k: move(-1),
      a: withCurrent((alert) => step(alert, { act: 'acknowledge' })),
      d: withCurrent((alert) => {
        const proposal = proposals.get(alert.id);
        if (proposal) step(alert, { act: 'assign', device: proposal.device });
        else onOpen(alert);
      }),
      s: withCurrent((alert) => setSnoozing(alert.id)),
      o: withCurrent(onOpen),
    },
    !covered,
  );
  useEffect(() => {
    if (chosen !== null) document.getElementById(`alert-${chosen}`)?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);
  const fold = (key: string): void =>
    setFolded((old) => (old.has(key) ? new Set([...old].filter((one) => one !== key)) : new Set([...old, key])));
  const actions: RowActions = {
    onChoose,
    onOpen,
    onStep: step,
    onSnooze: (alert) => setSnoozing(alert?.id ?? null),
  };
  const row = (alert: Alert) => (
    <AlertRow
      key={alert.id}
      alert={alert}
      now={now}
      chosen={alert.id === chosen}
      snoozing={alert.id === snoozing}
      proposal={proposals.get(alert.id)}
      {...actions}
    />
  );
  return (
    <section className="alerts panel" id="alerts" aria-label={t('alerts.title')} tabIndex={-1}>
      <Head alerts={alerts} by={by} onBy={setBy} onClose={onClose} />
      <div className="alerts-scroll">
        {alerts.length === 0 && <Nothing />}
        {groups.map((group) => (
          <GroupPart
            key={group.key}
            group={group}
            by={by}
            chosen={chosen}
            folded={folded.has(group.key)}
            onFold={fold}
            row={row}
          />
        ))}
        {ended.length > 0 && (
          <>
            <h3 className="list-head">{t('alerts.recent')}</h3>
            <ol className="alert-list ended">{ended.map(row)}</ol>
          </>
        )}
      </div>
      <p className="console-told" role="status" data-failed={steps.notice?.failed}>
        {steps.notice?.text ?? t('console.keys')}
      </p>
    </section>
  );
}

interface HeadProps {
  alerts: readonly Alert[];
  by: Grouping;
  onBy(by: Grouping): void;
  onClose(): void;
}

function Head({ alerts, by, onBy, onClose }: HeadProps) {
  const { t } = useSpeech();
  const sound = useSound();
  const label = sound.blocked ? 'console.soundBlocked' : sound.on ? 'console.soundOff' : 'console.soundOn';
  return (
    <header className="alerts-head">
      <h2>
        {t('alerts.title')} <span className="number">{alerts.length}</span>
      </h2>
      <LevelTally alerts={alerts} />
      <IconButton icon={sound.on ? 'soundOn' : 'soundOff'} label={t(label)} pressed={sound.on} onClick={sound.toggle} />
      <IconButton icon="close" label={t('alerts.close')} onClick={onClose} />
      <div className="segmented" role="group" aria-label={t('console.group')}>
        {GROUPINGS.map((one) => (
          <button key={one} type="button" aria-pressed={one === by} onClick={() => onBy(one)}>
            {t(`console.${one}`)}
          </button>
        ))}
      </div>
    </header>
  );
}

interface GroupProps {
  group: Group;
  by: Grouping;
  chosen: number | null;
  folded: boolean;
  onFold(key: string): void;
  row(alert: Alert): React.ReactNode;
}

function GroupPart({ group, by, chosen, folded, onFold, row }: GroupProps) {
  const { t } = useSpeech();
  const city = useCity();
  const [shown, setShown] = useState(SHOWN_FIRST);
  const { key, level, alerts } = group;
  const name =
    by === 'byLevel'
      ? t(`level.${level}`)
      : by === 'byStreet'
        ? (city.areaNames.get(key) ?? (key || t('console.noStreet')))
        : t(kindKey(key));
  return (
    <div className={`alert-group level-${level}`}>
      <h3>
        <button type="button" aria-expanded={!folded} title={t('console.fold', { name })} onClick={() => onFold(key)}>
          <Icon name="chevron" size={14} />
          {name} <span className="number">{alerts.length}</span>
        </button>
      </h3>
      {!folded && <ol className="alert-list">{shownOf(alerts, shown, chosen).map(row)}</ol>}
      {!folded && alerts.length > shown && (
        <button type="button" className="more-button" onClick={() => setShown(shown + SHOWN_FIRST)}>
          {t('alerts.more', { n: Math.min(SHOWN_FIRST, alerts.length - shown) })}
        </button>
      )}
    </div>
  );
}

function Nothing() {
  const { t } = useSpeech();
  return (
    <div className="empty">
      <Icon name="check" size={28} />
      <p>{t('alerts.none')}</p>
      <p className="quiet">{t('alerts.noneHelp')}</p>
    </div>
  );
}

function LevelTally({ alerts }: { alerts: readonly Alert[] }) {
  const { t } = useSpeech();
  return (
    <ul className="level-tally">
      {LEVELS.map((level) => {
        const n = alerts.filter((alert) => alert.level === level).length;
        return n === 0 ? null : (
          <li key={level} className={`level-${level}`} title={t(`level.${level}`)}>
            <span className="hidden">{t(`level.${level}`)} </span>
            {n}
          </li>
        );
      })}
    </ul>
  );
}
