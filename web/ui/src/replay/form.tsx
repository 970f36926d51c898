// Which period is played, and by what was known.

import { useState } from 'react';
import { usePeriod } from '../words/citytime.ts';
import { useModel, useSignal } from '../parts/hooks.ts';
import { useSpeech } from '../i18n/index.ts';
import type { Screen } from '../screens/screen.ts';
import type { Page } from '../screens/url.ts';

const HOUR_MS = 3_600_000;
const PRESETS = [
  { key: 'replay.last1', hours: 1 },
  { key: 'replay.last4', hours: 4 },
  { key: 'replay.last12', hours: 12 },
  { key: 'replay.day', hours: 24 },
] as const;

interface Props {
  page: Extract<Page, { kind: 'replay' }>;
  progress: number;
  error: Error | null;
  screen: Screen;
  onLeave(): void;
}

export function Form({ page, progress, error, screen, onLeave }: Props) {
  const { t } = useSpeech();
  const zone = useSignal(useModel().timeZone);
  const [now] = useState(() => Date.now());
  const period = usePeriod(page.span ?? { from: now - HOUR_MS, to: now }, zone);
  const load = (span: typeof period.span, then = page.then): void => {
    if (span) screen.go({ ...page, span, at: null, then });
  };
  return (
    <form
      className="replay-form"
      onSubmit={(event) => {
        event.preventDefault();
        load(period.span);
      }}
    >
      <div className="segmented" role="group" aria-label={t('replay.period')}>
        {PRESETS.map(({ key, hours }) => (
          <button
            key={key}
            type="button"
            onClick={() => {
              const to = Math.floor(Date.now() / 1000) * 1000;
              const span = { from: to - hours * HOUR_MS, to };
              period.set(span);
              load(span);
            }}
          >
            {t(key)}
          </button>
        ))}
      </div>
      <label>
        <span>{t('replay.from')}</span>
        <input type="datetime-local" value={period.from} onChange={(event) => period.setFrom(event.target.value)} />
      </label>
      <label>
        <span>{t('replay.to')}</span>
        <input type="datetime-local" value={period.to} onChange={(event) => period.setTo(event.target.value)} />
      </label>
      <button type="submit" className="step primary" disabled={!period.span}>
        {t('replay.load')}
      </button>
      <div className="segmented" role="group" aria-label={t('replay.known')}>
        {([false, true] as const).map((then) => (
          <button
            key={String(then)}
            type="button"
            aria-pressed={page.then === then}
            onClick={() => (page.span ? load(page.span, then) : screen.go({ ...page, then }))}
          >
            {t(then ? 'replay.then' : 'replay.now')}
          </button>
        ))}
      </div>
      <output className="quiet" data-testid="clip" data-progress={progress}>
        {page.span && !error && progress < 1 && t('replay.loading', { percent: `${Math.round(progress * 100)} %` })}
        {error && <span className="failed">{error.message}</span>}
      </output>
      <button type="button" className="step" onClick={onLeave}>
        {t('replay.leave')}
      </button>
    </form>
  );
}
