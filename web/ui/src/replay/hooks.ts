// Fetching a clip and playing it.

import { useCallback, useEffect, useEffectEvent, useRef, useState } from 'react';
import * as api from '../data/api.ts';
import { Clip, clipPath, linesOf } from './clip.ts';
import { ReplayModel } from './model.ts';
import type { Span } from '../screens/url.ts';

/** Signs of life while a clip is read, ms. */
const TELL_EVERY_MS = 200;
/** Panels are drawn again so often while a clip plays, ms. */
const DRAW_EVERY_MS = 200;

export interface Loading {
  model: ReplayModel | null;
  /** 0 … 1 while it is read, then 1. */
  progress: number;
  error: Error | null;
}

/** The clip of a period; played from while it is still read. */
export function useClip(span: Span | null, then: boolean, only: readonly string[], zone: string): Loading {
  const [loading, setLoading] = useState<Loading>({ model: null, progress: 0, error: null });
  const path = span && clipPath(span, then, only);
  const read = useEffectEvent(async (address: string, signal: AbortSignal) => {
    if (!span) return;
    const model = new ReplayModel(new Clip(span), zone);
    setLoading({ model: null, progress: 0, error: null });
    let reported = 0;
    for await (const line of linesOf(await api.stream(address, signal))) {
      model.clip.take(line);
      if (performance.now() - reported < TELL_EVERY_MS) continue;
      reported = performance.now();
      if (model.clip.steps.length > 0) setLoading({ model, progress: model.clip.progress, error: null });
    }
    setLoading({ model, progress: model.clip.progress, error: null });
  });
  useEffect(() => {
    if (path === null) return undefined;
    const abort = new AbortController();
    read(path, abort.signal).catch((error: Error) => {
      if (!abort.signal.aborted) setLoading((old) => ({ ...old, error }));
    });
    return () => abort.abort();
  }, [path]);
  return span ? loading : { model: null, progress: 0, error: null };
}

export interface Player {
  at: number;
  playing: boolean;
  speed: number;
  setSpeed(speed: number): void;
  toggle(): void;
  seek(at: number): void;
}

/** Plays a model: the moment goes on by itself, `speed` times as fast as time. */
export function usePlayer(model: ReplayModel | null, start: number | null): Player {
  const [playing, setPlaying] = useState(false);
  const [speed, setSpeed] = useState(60);
  const [at, setAt] = useState(start ?? 0);
  const moment = useRef(start ?? 0);
  const show = useCallback(
    (when: number) => {
      if (!model) return;
      const { clip } = model;
      moment.current = Math.min(clip.to, Math.max(clip.from, when));
      model.seek(moment.current);
      setAt(moment.current);
    },
    [model],
  );
  const begin = useEffectEvent((loaded: ReplayModel | null) => {
    if (!loaded) return;
    const { from, to } = loaded.clip;
    const wanted = moment.current || start;
    show(wanted && wanted >= from && wanted <= to ? wanted : from);
  });
  useEffect(() => begin(model), [model]);
  const advance = useEffectEvent((passed: number, draw: boolean) => {
    if (!model) return;
    const { clip } = model;
    const reach = clip.whole ? clip.to : (clip.steps.at(-1)?.at ?? clip.from);
    moment.current = Math.min(reach, moment.current + passed * speed);
    model.seek(moment.current);
    if (draw || moment.current >= clip.to) setAt(moment.current);
    if (moment.current >= clip.to) setPlaying(false);
  });
  useEffect(() => {
    if (!playing) return undefined;
    let [last, drawn] = [performance.now(), 0];
    let frame = requestAnimationFrame(function step(now) {
      const draw = now - drawn > DRAW_EVERY_MS;
      if (draw) drawn = now;
      advance(now - last, draw);
      last = now;
      frame = requestAnimationFrame(step);
    });
    return () => cancelAnimationFrame(frame);
  }, [playing]);
  const toggle = useCallback(() => {
    if (model && !playing && moment.current >= model.clip.to) show(model.clip.from);
    setPlaying(!playing);
  }, [model, playing, show]);
  return { at, playing, speed, setSpeed, toggle, seek: show };
}
