// What became of a step: shown until the next one.

import type { ReactNode } from 'react';

export type Told = { text: ReactNode; failed: boolean } | null;

export function Telling({ told }: { told: Told }) {
  return (
    <div className={told ? 'told' : 'hidden'} role="status" data-failed={told?.failed}>
      {told?.text}
    </div>
  );
}
