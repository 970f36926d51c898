// The list of open alerts, the gravest first, each with the sentence that explains it.

import { useState } from 'react';
import { span } from '../format.ts';
import { useModel, useServerNow, useSignal } from '../hooks.ts';
import { useSpeech } from '../i18n/index.ts';
import { Icon } from '../icons.tsx';
import { LEVELS } from '../live/model.ts';
import type { Alert } from '../types.ts';
import { IconButton, LevelBadge } from './parts.tsx';

const SHOWN_FIRST = 60;

interface Props {
  onSelect(alert: Alert): void;
  onClose(): void;
  selectedCell: string | null;
}

export function AlertsPanel({ onSelect, onClose, selectedCell }: Props) {
  const { t } = useSpeech();
  const model = useModel();
  const alerts = useSignal(model.alerts);
  const ended = useSignal(model.endedAlerts);
  const now = useServerNow();
  const [shown, setShown] = useState(SHOWN_FIRST);
  return (
    <section className="alerts panel" id="alerts" aria-label={t('alerts.title')} tabIndex={-1}>
      <header className="alerts-head">
        <h2>
          {t('alerts.title')} <span className="number">{alerts.length}</span>
        </h2>
        <LevelTally alerts={alerts} />
        <IconButton icon="close" label={t('alerts.close')} onClick={onClose} />
      </header>
      <div className="alerts-scroll">
        {alerts.length === 0 && (
          <div className="empty">
            <Icon name="check" size={28} />
            <p>{t('alerts.none')}</p>
            <p className="quiet">{t('alerts.noneHelp')}</p>
          </div>
        )}
        <ol className="alert-list">
          {alerts.slice(0, shown).map((alert) => (
            <AlertRow
              key={alert.id}
              alert={alert}
              now={now}
              current={alert.cell !== null && alert.cell === selectedCell}
              onSelect={onSelect}
            />
          ))}
        </ol>
        {alerts.length > shown && (
          <button type="button" className="more-button" onClick={() => setShown(shown + SHOWN_FIRST)}>
            {t('alerts.more', { n: Math.min(SHOWN_FIRST, alerts.length - shown) })}
          </button>
        )}
        {ended.length > 0 && (
          <>
            <h3 className="list-head">{t('alerts.recent')}</h3>
            <ol className="alert-list ended">
              {ended.map((alert) => (
                <AlertRow key={alert.id} alert={alert} now={now} current={false} onSelect={onSelect} />
              ))}
            </ol>
          </>
        )}
      </div>
    </section>
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

/** What the alert is about: a cell, a device, or the area its facts name. */
export function subjectOf(alert: Alert): string {
  const { name } = alert.facts;
  return alert.cell_name ?? alert.cell ?? alert.device ?? (typeof name === 'string' ? name : alert.kind);
}

interface RowProps {
  alert: Alert;
  now: number;
  current: boolean;
  onSelect(alert: Alert): void;
}

function AlertRow({ alert, now, current, onSelect }: RowProps) {
  const { t, language } = useSpeech();
  const open = alert.ended_at === null;
  const age = span(now - Date.parse(open ? alert.opened_at : (alert.ended_at ?? alert.updated_at)), t);
  return (
    <li>
      <button
        type="button"
        className={`alert-row level-${alert.level}`}
        aria-current={current}
        onClick={() => onSelect(alert)}
      >
        <span className="alert-meta">
          {open ? (
            <LevelBadge level={alert.level} />
          ) : (
            <span className="level-badge">{t(`alertState.${alert.state}`)}</span>
          )}
          <span className="alert-cell">{subjectOf(alert)}</span>
          <span className="alert-age">{open ? age : t('age.ago', { age })}</span>
        </span>
        <span className="alert-text">{language === 'zh' ? alert.text_zh : alert.text_en}</span>
      </button>
    </li>
  );
}
