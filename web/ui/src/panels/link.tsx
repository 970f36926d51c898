// How fresh the picture is: the state of the connection and the time the data is of. Never claims more than it knows.

import { clock, span } from '../words/format.ts';
import { useModel, useServerNow, useSignal } from '../parts/hooks.ts';
import { LOCALE, useSpeech } from '../i18n/index.ts';

/** The server speaks at least every five seconds; data older than this is not called live. */
export const STALE_AFTER_MS = 12_000;

type Mood = 'good' | 'wait' | 'bad';

/** Mood and words of the connection. */
function useLinkText(): {
  mood: Mood;
  text: string;
  age: number | null;
  dataAt: number | null;
  lacks: readonly string[];
} {
  const { t } = useSpeech();
  const model = useModel();
  const link = useSignal(model.link);
  const lacks = useSignal(model.lacks);
  const now = useServerNow();
  const heard = model.dataAt.get(); // read once a second: it changes with every frame
  const dataAt = heard === null ? null : Math.min(heard, now);
  const age = dataAt === null ? null : Math.max(0, now - dataAt);
  const stale = age === null || age > STALE_AFTER_MS;
  if (link.state === 'open' && lacks.length > 0) return { mood: 'bad', text: t('link.degraded'), age, dataAt, lacks };
  if (link.state === 'open') {
    return stale && age !== null
      ? { mood: 'bad', text: t('link.stalled'), age, dataAt, lacks }
      : { mood: 'good', text: t('link.live'), age, dataAt, lacks };
  }
  if (link.state === 'connecting') return { mood: 'wait', text: t('link.connecting'), age, dataAt, lacks };
  if (link.state === 'ended') return { mood: 'bad', text: t('link.ended'), age, dataAt, lacks };
  const wait = Math.max(0, Math.ceil((link.until - performance.now()) / 1000));
  return { mood: 'bad', text: t('link.waiting', { s: wait }), age, dataAt, lacks };
}

/** The small sign in the bar at the top. */
export function LinkSign() {
  const { t, language } = useSpeech();
  const model = useModel();
  const zone = useSignal(model.timeZone);
  const { mood, text, age, dataAt } = useLinkText();
  const asOf =
    dataAt === null || age === null
      ? t('link.noData')
      : t(mood === 'good' ? 'link.asOfNow' : 'link.asOf', {
          time: clock(dataAt, zone, LOCALE[language]),
          age: span(age, t),
        });
  return (
    <div className={`link-sign mood-${mood}`} title={asOf} data-testid="link">
      <span className="pulse" aria-hidden="true" />
      <output>{text}</output>
      <span className="as-of">{asOf}</span>
    </div>
  );
}

/** Across the top of the map while the picture is old. */
export function StaleBanner({ onRetry }: { onRetry(): void }) {
  const { t, language } = useSpeech();
  const model = useModel();
  const zone = useSignal(model.timeZone);
  const { mood, age, dataAt, lacks } = useLinkText();
  if (mood === 'good' || dataAt === null || age === null || (age < STALE_AFTER_MS && lacks.length === 0)) return null;
  const old = t('link.staleBanner', { time: clock(dataAt, zone, LOCALE[language]), age: span(age, t) });
  return (
    <div className="stale-banner" role="alert">
      <span>{lacks.length > 0 ? t('link.degradedBanner', { detail: lacks.join('; ') }) : old}</span>
      {lacks.length === 0 && (
        <button type="button" className="link-button" onClick={onRetry}>
          {t('link.retry')}
        </button>
      )}
    </div>
  );
}
