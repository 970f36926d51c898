// The card of one event: what an officer did or found.

import * as api from '../data/api.ts';
import { cellName, useCity } from '../data/city.ts';
import { moment } from '../words/format.ts';
import { useLoaded, useModel, useSignal } from '../parts/hooks.ts';
import { eventName } from '../i18n/catalogue.ts';
import { LOCALE, useSpeech } from '../i18n/index.ts';
import { MediaList } from './media.tsx';
import { Await, Card, Fact } from '../parts/parts.tsx';

interface Props {
  id: string;
  onOfficer(id: string): void;
  onCell(code: string): void;
  onClose(): void;
}

export function EventCard({ id, onOfficer, onCell, onClose }: Props) {
  const { t, language } = useSpeech();
  const model = useModel();
  const city = useCity();
  const zone = useSignal(model.timeZone);
  const heard = useSignal(model.events).find((one) => one.id === id);
  // One that is older than what the live line keeps, as a link may name it.
  const loaded = useLoaded(`event ${id} ${heard !== undefined}`, () =>
    heard ? Promise.resolve(heard) : api.event(id),
  );
  const event = heard ?? (loaded.state === 'ready' ? loaded.value : undefined);
  if (!event) {
    return (
      <Card kind={t('event.kind')} title="…" onClose={onClose}>
        <Await of={loaded}>{() => null}</Await>
      </Card>
    );
  }
  return (
    <Card kind={t('event.kind')} title={eventName(event.type, language)} onClose={onClose}>
      <dl className="facts">
        <Fact name={t('event.at')}>{moment(Date.parse(event.t), zone, LOCALE[language])}</Fact>
        {event.device && (
          <Fact name={t('event.by')}>
            <button type="button" className="link-button" onClick={() => onOfficer(event.device as string)}>
              {event.device}
            </button>
          </Fact>
        )}
        <Fact name={t('event.type')}>
          <span className="code">{event.type}</span>
        </Fact>
        {event.cell && (
          <Fact name={t('officer.cell')}>
            <button type="button" className="link-button" onClick={() => onCell(event.cell as string)}>
              {cellName(city, event.cell)}
            </button>
          </Fact>
        )}
        {event.media.length > 0 && (
          <Fact name={t('event.media')}>{t('event.mediaCount', { n: event.media.length })}</Fact>
        )}
        {event.case && <Fact name={t('event.case')}>{event.case}</Fact>}
      </dl>
      {event.media.length > 0 && <MediaList media={event.media} />}
      {event.text && <p className="event-text">{event.text}</p>}
    </Card>
  );
}
