// The latest events of an officer or in a cell.

import * as api from '../data/api.ts';
import { moment } from '../words/format.ts';
import { useLoaded, useModel, useSignal } from '../parts/hooks.ts';
import { eventName } from '../i18n/catalogue.ts';
import { LOCALE, useSpeech } from '../i18n/index.ts';
import { Await } from '../parts/parts.tsx';

export function EventList({ of }: { of: { cell: string } | { device: string } }) {
  const { t, language } = useSpeech();
  const model = useModel();
  const zone = useSignal(model.timeZone);
  const newest = useSignal(model.events)[0]?.id;
  const loaded = useLoaded(`events ${JSON.stringify(of)}|${newest}`, (signal) => api.events(of, signal));
  return (
    <>
      <h3 className="list-head">{t('officer.events')}</h3>
      <Await of={loaded}>
        {(events) =>
          events.length === 0 ? (
            <p className="quiet">{t('officer.noEvents')}</p>
          ) : (
            <ul className="events">
              {events.map((event) => (
                <li key={event.id}>
                  {eventName(event.type, language)} <small>{moment(Date.parse(event.t), zone, LOCALE[language])}</small>
                  {event.media.length > 0 && (
                    <small>
                      {' '}
                      · {t('event.media')} {t('event.mediaCount', { n: event.media.length })}
                    </small>
                  )}
                  {event.text && <p className="quiet">{event.text}</p>}
                </li>
              ))}
            </ul>
          )
        }
      </Await>
    </>
  );
}
