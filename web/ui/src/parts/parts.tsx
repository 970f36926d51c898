// Pieces that several panels are made of.

import type { ReactNode } from 'react';
import type { Loaded } from './hooks.ts';
import { Icon, type IconName, PathIcon } from './icons.tsx';
import { useSpeech } from '../i18n/index.ts';
import { STATE_MARKS } from '../map/marks.ts';
import type { AlertLevel, CellState } from '../data/types.ts';

/** As a ref: the field takes the cursor when a viewer's own step made it appear. */
export const focused = (field: HTMLElement | null): void => field?.focus();

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function StateBadge({ state }: { state: CellState }) {
  const { t } = useSpeech();
  return (
    <span className={`state-badge state-${state}`}>
      <PathIcon path={STATE_MARKS[state]} size={14} width={2.4} />
      {t(`state.${state}`)}
    </span>
  );
}

export function LevelBadge({ level }: { level: AlertLevel }) {
  const { t } = useSpeech();
  return <span className={`level-badge level-${level}`}>{t(`level.${level}`)}</span>;
}

export function IconButton(props: {
  icon: IconName;
  label: string;
  onClick(): void;
  pressed?: boolean;
  expanded?: boolean;
}) {
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={props.label}
      title={props.label}
      aria-pressed={props.pressed}
      aria-expanded={props.expanded}
      onClick={props.onClick}
    >
      <Icon name={props.icon} />
    </button>
  );
}

/** A card on the right: what was chosen on the map. */
export function Card(props: { kind: string; title: string; badge?: ReactNode; onClose(): void; children: ReactNode }) {
  const { t } = useSpeech();
  return (
    <section className="card panel" aria-label={`${props.kind} ${props.title}`}>
      <header className="card-head">
        <div>
          <p className="card-kind">{props.kind}</p>
          <h2>{props.title}</h2>
        </div>
        <IconButton icon="close" label={t('panel.close')} onClick={props.onClose} />
      </header>
      {props.badge && <div className="card-badges">{props.badge}</div>}
      <div className="card-body">{props.children}</div>
    </section>
  );
}

/** In place of code that is fetched when it is needed. */
export function Waiting() {
  const { t } = useSpeech();
  return <p className="map-note">{t('panel.loading')}</p>;
}

/** What is loading, failed or ready. */
export function Await<T>({ of, children }: { of: Loaded<T>; children(value: T): ReactNode }) {
  const { t } = useSpeech();
  if (of.state === 'ready') return children(of.value);
  if (of.state === 'loading') return <p className="quiet">{t('panel.loading')}</p>;
  return (
    <p className="quiet failed" role="alert">
      {t('panel.failed', { detail: of.error.message })}
      <button type="button" className="link-button" onClick={of.retry}>
        {t('panel.retry')}
      </button>
    </p>
  );
}
