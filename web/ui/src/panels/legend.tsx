// The legend: how many cells are in each state, and what the shapes of officers mean. A state can be made to stand out.

import { useModel, useSignal } from '../parts/hooks.ts';
import { type Key, useSpeech } from '../i18n/index.ts';
import { OfficerGlyph, PathIcon } from '../parts/icons.tsx';
import { CELL_STATES } from '../live/model.ts';
import { FRESHNESS, shownKinds } from '../live/protocol.ts';
import { STATE_MARKS } from '../map/marks.ts';
import type { CellState } from '../data/types.ts';

interface Props {
  only: CellState | null;
  onOnly(state: CellState | null): void;
}

export function Legend({ only, onOnly }: Props) {
  const { t } = useSpeech();
  const model = useModel();
  const tally = useSignal(model.cellTally);
  const total = CELL_STATES.reduce((sum, state) => sum + tally[state], 0);
  return (
    <section className="legend panel" aria-label={t('legend.title')}>
      <div className="legend-states">
        <p className="legend-head">
          {t('cells.title')} <span className="number">{total}</span>
        </p>
        <div className="legend-bar" aria-hidden="true">
          {CELL_STATES.map((state) => (
            <span key={state} className={`bar-${state}`} style={{ flexGrow: tally[state] }} />
          ))}
        </div>
        <ul className="legend-list">
          {CELL_STATES.map((state) => (
            <li key={state}>
              <button
                type="button"
                className={`legend-item state-${state}`}
                aria-pressed={only === state}
                title={`${t(`state.${state}.help` as Key)} · ${t('legend.only', { state: t(`state.${state}`) })}`}
                onClick={() => onOnly(only === state ? null : state)}
              >
                <span className={`swatch swatch-${state}`}>
                  <PathIcon path={STATE_MARKS[state]} size={13} width={2.6} />
                </span>
                <span className="legend-name">{t(`state.${state}`)}</span>
                <span className="number">{tally[state]}</span>
              </button>
            </li>
          ))}
        </ul>
      </div>
      <OfficerLegend />
    </section>
  );
}

function OfficerLegend() {
  const { t } = useSpeech();
  const model = useModel();
  const counts = useSignal(model.counts);
  return (
    <div className="legend-officers">
      <p className="legend-head">
        {t('officers.title')} <span className="number">{counts?.total ?? 0}</span>
      </p>
      <ul className="legend-list">
        {shownKinds(counts).map((kind) => (
          <li key={kind} className="legend-item" data-count={kind}>
            <OfficerGlyph freshness={FRESHNESS.indexOf(kind)} />
            <span className="legend-name">{t(`officers.${kind}`)}</span>
            <span className="number">{counts?.[kind] ?? 0}</span>
          </li>
        ))}
      </ul>
      {counts && counts.band !== 'dots' && <p className="quiet">{t(`band.${counts.band}`)}</p>}
    </div>
  );
}
