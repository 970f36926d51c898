// A small chart of recent speed; a missing fix is a gap in it, not a zero.

import { kmh } from '../words/format.ts';
import { useSpeech } from '../i18n/index.ts';
import type { Step } from '../map/trackline.ts';

const WIDTH = 320;
const HEIGHT = 44;
const GAP_MS = 120_000;
/** The scale shows at least a brisk walk, m/s, so that standing still does not look like running. */
const LEAST_TOP = 2;

export function SpeedChart({ steps }: { steps: readonly Step[] }) {
  const { t } = useSpeech();
  const known = steps.filter((step) => step.spd !== null);
  if (known.length < 2) return null;
  const most = known.reduce((top, step) => Math.max(top, step.spd ?? 0), 0);
  return (
    <svg
      className="speed-chart"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={t('officer.speedChart', { max: kmh(most, t) })}
    >
      <path d={speedPath(known, Math.max(most, LEAST_TOP))} fill="none" stroke="currentColor" strokeWidth="1.5" />
    </svg>
  );
}

function speedPath(steps: readonly Step[], top: number): string {
  const [from, to] = [steps[0].t, steps[steps.length - 1].t];
  return steps
    .map((step, i) => {
      const x = (WIDTH * (step.t - from)) / Math.max(1, to - from);
      const y = HEIGHT - 2 - ((HEIGHT - 4) * (step.spd ?? 0)) / top;
      const joined = i > 0 && step.t - steps[i - 1].t <= GAP_MS;
      return `${joined ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`;
    })
    .join('');
}
