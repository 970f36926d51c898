// The calendar of a cell: how often it was visited on each of the last four weeks' days.

import * as api from '../data/api.ts';
import { useLoaded, useModel, useSignal } from '../parts/hooks.ts';
import { LOCALE, useSpeech } from '../i18n/index.ts';
import { calendar, type Day, shade } from '../words/stops.ts';
import { Await } from '../parts/parts.tsx';

const DAYS = 28;
const DAY_MS = 86_400_000;

export function History({ code }: { code: string }) {
  const { t } = useSpeech();
  const model = useModel();
  const zone = useSignal(model.timeZone);
  const loaded = useLoaded(`history ${code}`, (signal) =>
    api.stays({ cell: code }, signal, new Date(model.serverNow() - DAYS * DAY_MS)),
  );
  return (
    <>
      <h3 className="list-head">{t('cell.history')}</h3>
      <Await of={loaded}>
        {(stays) => (
          <ol className="calendar">
            {calendar(stays, DAYS, model.serverNow(), zone).map((day) => (
              <DayMark key={day.day} day={day} />
            ))}
          </ol>
        )}
      </Await>
    </>
  );
}

function DayMark({ day }: { day: Day }) {
  const { t, language } = useSpeech();
  const date = new Intl.DateTimeFormat(LOCALE[language], { timeZone: 'UTC', month: 'numeric', day: 'numeric' });
  const text = t('cell.dayVisits', { day: date.format(Date.parse(day.day)), n: day.visits, m: day.others });
  return (
    <li className={`day shade-${shade(day.visits)}`} title={text}>
      <span className="hidden">{text}</span>
      <span aria-hidden="true">{day.visits > 0 ? day.visits : ''}</span>
    </li>
  );
}
