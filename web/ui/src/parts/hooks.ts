// Small bridges between signals, time, the network and React.

import { createContext, useContext, useEffect, useEffectEvent, useState, useSyncExternalStore } from 'react';
import type { LiveModel } from '../live/model.ts';
import type { Signal } from './signal.ts';

export const useSignal = <T>(signal: Signal<T>): T => useSyncExternalStore(signal.subscribe, signal.get);

/** The live data, made once before the page is drawn. */
export const ModelContext = createContext<LiveModel | null>(null);

export function useModel(): LiveModel {
  const model = useContext(ModelContext);
  if (!model) throw new Error('the page is drawn outside its ModelContext');
  return model;
}

/** Time by the clock of the server, ms, renewed every `every` ms. */
export function useServerNow(every = 1000): number {
  const model = useModel();
  const [now, setNow] = useState(() => model.serverNow());
  useEffect(() => {
    const timer = setInterval(() => setNow(model.serverNow()), every);
    return () => clearInterval(timer);
  }, [model, every]);
  return now;
}

export type Loaded<T> =
  { state: 'loading' } | { state: 'ready'; value: T } | { state: 'failed'; error: Error; retry(): void };

/**
 * What `load` answers, loaded again when `key` changes. The part of the key before "|" is the subject: while it stays,
 * the earlier answer is shown until the new one is there.
 */
export function useLoaded<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [attempt, setAttempt] = useState(0);
  const [result, setResult] = useState<{ of: string; loaded: Loaded<T> }>({ of: '', loaded: { state: 'loading' } });
  const subject = key.split('|')[0];
  const begin = useEffectEvent((_key: string, _attempt: number, signal: AbortSignal) => {
    const of = subject;
    load(signal)
      .then((value) => setResult({ of, loaded: { state: 'ready', value } }))
      .catch((error: Error) => {
        const retry = (): void => setAttempt((n) => n + 1);
        if (!signal.aborted) setResult({ of, loaded: { state: 'failed', error, retry } });
      });
  });
  useEffect(() => {
    const abort = new AbortController();
    begin(key, attempt, abort.signal);
    return () => abort.abort();
  }, [key, attempt]);
  return result.of === subject ? result.loaded : { state: 'loading' };
}

/** Call `close` on Escape. */
export function useEscape(close: () => void): void {
  const press = useEffectEvent((event: KeyboardEvent) => {
    if (event.key === 'Escape') close();
  });
  useEffect(() => {
    // One permanent listener: one that another listener re-registers during the event would miss it.
    const onKey = (event: KeyboardEvent): void => press(event);
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}
