// What the console does besides drawing: keys, sound, the badge in the title, proposals, steps.

import { useCallback, useEffect, useEffectEvent, useMemo, useRef, useState } from 'react';
import * as api from '../data/api.ts';
import { useModel, useServerNow, useSignal } from '../parts/hooks.ts';
import { useSpeech } from '../i18n/index.ts';
import type { Alert, Assignment } from '../data/types.ts';
import { subjectOf } from './groups.ts';
import { Sound } from './sound.ts';

const PROPOSE_EVERY_MS = 15_000;
const NOTICE_MS = 6_000;

export type Proposals = ReadonlyMap<number, Assignment>;

/** Who the server proposes to send, by alert; asked again when alerts change and every 15 s. */
export function useProposals(): Proposals {
  const model = useModel();
  const alerts = useSignal(model.alerts);
  const tick = Math.floor(useServerNow(PROPOSE_EVERY_MS / 3) / PROPOSE_EVERY_MS);
  const [proposals, setProposals] = useState<Proposals>(new Map());
  const some = alerts.length > 0;
  const ask = useEffectEvent((_tick: number, signal: AbortSignal) => {
    api
      .assignments(signal)
      .then((items) => setProposals(new Map(items.map((item) => [item.alert, item]))))
      .catch(() => undefined); // the last proposals stand until the next tick
  });
  useEffect(() => {
    if (!some) return undefined;
    const abort = new AbortController();
    ask(tick, abort.signal);
    return () => abort.abort();
  }, [some, tick]);
  return proposals;
}

export interface Steps {
  /** Do it and tell; the answer arrives over the event log as well. */
  take(alert: Alert, action: api.Action): Promise<boolean>;
  /** What was done or refused last, for a moment. */
  notice: { text: string; failed: boolean } | null;
}

/** Steps in the life of an alert. */
export function useSteps(): Steps {
  const { t } = useSpeech();
  const [notice, setNotice] = useState<Steps['notice']>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const tell = useCallback((text: string, failed: boolean) => {
    clearTimeout(timer.current);
    setNotice({ text, failed });
    timer.current = setTimeout(() => setNotice(null), NOTICE_MS);
  }, []);
  useEffect(() => () => clearTimeout(timer.current), []);
  const take = useCallback(
    async (alert: Alert, action: api.Action): Promise<boolean> => {
      try {
        await api.step(alert, action);
        tell(t('console.done', { name: subjectOf(alert, t), what: t(`act.${action.act}`) }), false);
        return true;
      } catch (error) {
        tell(t('act.failed', { detail: (error as Error).message }), true);
        return false;
      }
    },
    [t, tell],
  );
  return useMemo(() => ({ take, notice }), [take, notice]);
}

/** Sound calls once it was turned on; `blocked` when the browser refuses. */
export function useSound(): { on: boolean; blocked: boolean; toggle(): void } {
  const model = useModel();
  const sound = useMemo(() => new Sound(), []);
  const [on, setOn] = useState(false);
  const [blocked, setBlocked] = useState(false);
  useEffect(
    () =>
      model.lastCall.subscribe(() => {
        const call = model.lastCall.get();
        if (call) sound.play(call.level, performance.now());
      }),
    [model, sound],
  );
  useEffect(() => () => sound.disable(), [sound]);
  const toggle = (): void => {
    if (on) {
      sound.disable();
      setOn(false);
      return;
    }
    void sound.enable().then((allowed) => {
      setOn(allowed);
      setBlocked(!allowed);
    });
  };
  return { on, blocked, toggle };
}

/** The number of alerts that nobody has taken on, before the name of the page. */
export function useTitleBadge(): void {
  const { t } = useSpeech();
  const waiting = useSignal(useModel().alerts).filter(({ state }) => state === 'open' || state === 'escalated').length;
  useEffect(() => {
    const name = t('app.name') === 'patrolgrid' ? 'patrolgrid' : `${t('app.name')} patrolgrid`;
    document.title = waiting > 0 ? `(${waiting}) ${name}` : name;
  }, [waiting, t]);
}

/** Call `leave` on Escape before anything else hears of it: what was opened last closes first. */
export function useFirstEscape(leave: () => void): void {
  const press = useEffectEvent((event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    leave();
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => press(event);
    document.addEventListener('keydown', onKey, true);
    return () => document.removeEventListener('keydown', onKey, true);
  }, []);
}

/** True where a key means a letter and not a command. */
const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches('input:not([type=radio], [type=range]), textarea, select');

/** Call the command of a key pressed anywhere but in a field. */
export function useKeys(commands: Readonly<Record<string, () => void>>, enabled = true): void {
  const press = useEffectEvent((event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const command = commands[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!command) return;
    event.preventDefault();
    command();
  });
  useEffect(() => {
    if (!enabled) return undefined;
    const onKey = (event: KeyboardEvent): void => press(event);
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [enabled]);
}
