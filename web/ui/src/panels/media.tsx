// Photographs and recordings of an event. A file may come long after its event, and is not for every role.

import { useState } from 'react';
import { useSpeech } from '../i18n/index.ts';
import type { Event } from '../data/types.ts';

type Media = Event['media'][number];

export function MediaList({ media }: { media: readonly Media[] }) {
  return (
    <ul className="media-list">
      {media.map((one, n) => (
        <li key={one.sha256}>
          <MediaItem of={one} number={n + 1} />
        </li>
      ))}
    </ul>
  );
}

function MediaItem({ of, number }: { of: Media; number: number }) {
  const { t } = useSpeech();
  const [failed, setFailed] = useState(false);
  const address = `/api/v1/media/${of.sha256}`;
  const fail = () => setFailed(true);
  if (failed) return <p className="quiet">{t('event.mediaAway', { n: number })}</p>;
  // Recordings of body cameras come without captions.
  // oxlint-disable-next-line jsx-a11y/media-has-caption
  if (of.mime.startsWith('video/')) return <video src={address} controls preload="none" onError={fail} />;
  // oxlint-disable-next-line jsx-a11y/media-has-caption
  if (of.mime.startsWith('audio/')) return <audio src={address} controls preload="none" onError={fail} />;
  return (
    <a href={address} target="_blank" rel="noreferrer">
      <img src={address} alt={t('event.mediaNamed', { n: number })} loading="lazy" onError={fail} />
    </a>
  );
}
