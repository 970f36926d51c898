// The time line of a clip: cells by state over time, alerts as ticks, and the moment that is shown.

import { useMemo } from 'react';
import { clock, moment } from '../words/format.ts';
import { useModel, useSignal } from '../parts/hooks.ts';
import { LOCALE, useSpeech } from '../i18n/index.ts';
import { CELL_STATES } from '../live/model.ts';
import type { CellState } from '../data/types.ts';
import type { Clip } from './clip.ts';

const WIDTH = 1000;
const HEIGHT = 60;
/** Ticks at most: more would be a grey bar. */
const TICKS = 400;
const LABELS = 7;
/** The covered states below, what asks for attention on top. */
const STACK: readonly CellState[] = ['unknown', 'fresh', 'due_soon', 'will_breach', 'overdue'];

/** Cells by state at each step. */
export function tallies(clip: Clip): { at: number; tally: Record<CellState, number> }[] {
  const states = new Map<number, CellState>();
  const tally = Object.fromEntries(CELL_STATES.map((state) => [state, 0])) as Record<CellState, number>;
  return clip.steps.map(({ at, changes }) => {
    for (const [id, state] of changes) {
      const before = states.get(id);
      if (before) tally[before] -= 1;
      states.set(id, state as CellState);
      tally[state as CellState] += 1;
    }
    return { at, tally: { ...tally } };
  });
}

/** Outlines of the stacked areas, lowest first, in WIDTH × HEIGHT. */
export function areas(clip: Clip): { state: CellState; path: string }[] {
  const points = tallies(clip);
  const x = (at: number): string => (((at - clip.from) / (clip.to - clip.from)) * WIDTH).toFixed(1);
  const below = points.map(() => 0);
  return STACK.map((state) => {
    const upper: string[] = [];
    const lower: string[] = [];
    points.forEach(({ at, tally }, i) => {
      const total = Math.max(
        1,
        CELL_STATES.reduce((sum, one) => sum + tally[one], 0),
      );
      lower.unshift(`${x(at)},${(HEIGHT * (1 - below[i])).toFixed(1)}`);
      below[i] += tally[state] / total;
      upper.push(`${x(at)},${(HEIGHT * (1 - below[i])).toFixed(1)}`);
    });
    return { state, path: points.length > 1 ? `M${[...upper, ...lower].join('L')}Z` : '' };
  });
}

interface Props {
  clip: Clip;
  /** Grows while the clip is read. */
  progress: number;
  at: number;
  onSeek(at: number): void;
}

export function Timeline({ clip, progress, at, onSeek }: Props) {
  const { t, language } = useSpeech();
  const zone = useSignal(useModel().timeZone);
  // oxlint-disable-next-line react-hooks/exhaustive-deps -- the clip grows in place, progress says when
  const drawn = useMemo(() => ({ bands: areas(clip), calls: clip.calls.slice(-TICKS) }), [clip, progress]);
  const share = (when: number): number => (when - clip.from) / (clip.to - clip.from);
  const labels = Array.from({ length: LABELS }, (_, i) => clip.from + ((clip.to - clip.from) * i) / (LABELS - 1));
  return (
    <div className="timeline">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={t('replay.chart')}>
        {drawn.bands.map(({ state, path }) => (
          <path key={state} d={path} className={`band-${state}`} />
        ))}
        <path d={drawn.calls.map((when) => `M${(share(when) * WIDTH).toFixed(1)} 0v9`).join('')} className="call" />
        <path d={`M${(share(at) * WIDTH).toFixed(1)} 0V${HEIGHT}`} className="needle" />
      </svg>
      <input
        type="range"
        aria-label={t('replay.time')}
        aria-valuetext={moment(at, zone, LOCALE[language])}
        min={clip.from}
        max={clip.to}
        step={1000}
        value={at}
        onChange={(event) => onSeek(Number(event.target.value))}
      />
      <ol aria-hidden="true">
        {labels.map((when) => (
          <li key={when}>{clock(when, zone, LOCALE[language], false)}</li>
        ))}
      </ol>
    </div>
  );
}
