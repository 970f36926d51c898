// What the live data does by the clock, however little is heard from the server.

import * as api from '../data/api.ts';
import type { LiveModel } from './model.ts';

const EXPIRE_EVERY_MS = 1000;
const READINESS_EVERY_MS = 15_000;

/** Let officers fall silent even when nothing more is heard of them. */
export function keepExpiring(model: LiveModel): void {
  setInterval(() => {
    const { version } = model.fleet;
    model.fleet.expire(model.serverNow());
    if (model.fleet.version !== version) model.positionsChanged();
  }, EXPIRE_EVERY_MS);
}

/** Ask now and then whether the whole server can do its work: an open line alone does not say so. */
export function keepAskingReadiness(model: LiveModel): void {
  setInterval(() => {
    if (model.link.get().state !== 'open') return;
    api
      .lacking()
      .then((lacks) => model.lacks.set(lacks))
      .catch(() => undefined); // unreachable: the connection's own state tells
  }, READINESS_EVERY_MS);
}
