// Who is signed in.

import * as api from './api.ts';
import { Signal } from '../parts/signal.ts';

/** Null until it is known. */
export const user = new Signal<api.Session | null>(null);

/** Ask the server; a lost session leads to the sign-in page by itself. */
export function learnUser(): void {
  api
    .session()
    .then((session) => user.set(session))
    .catch(() => undefined);
}
