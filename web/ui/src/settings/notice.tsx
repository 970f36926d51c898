// Result of an action, shown until the next one.

import type { ReactNode } from 'react';

export type Notice = { text: ReactNode; failed: boolean } | null;

export function NoticeLine({ notice }: { notice: Notice }) {
  return (
    <div className={notice ? 'told' : 'hidden'} role="status" data-failed={notice?.failed}>
      {notice?.text}
    </div>
  );
}
