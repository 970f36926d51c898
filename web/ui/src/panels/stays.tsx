// Recent presence in a cell or of an officer, valid visit or not.

import * as api from '../data/api.ts';
import { cellsBetween } from '../words/between.ts';
import { cellName, useCity } from '../data/city.ts';
import { distance, moment, span } from '../words/format.ts';
import { useLoaded, useModel, useSignal } from '../parts/hooks.ts';
import { type Key, LOCALE, useSpeech } from '../i18n/index.ts';
import type { Stay } from '../data/types.ts';
import { Await } from '../parts/parts.tsx';

interface Props {
  of: { cell: string } | { device: string };
  onCell?(code: string): void;
  onOfficer?(id: string): void;
}

export function Stays({ of, onCell, onOfficer }: Props) {
  const { t } = useSpeech();
  const newest = useSignal(useModel().lastStay);
  const [field, id] = 'cell' in of ? (['cell', of.cell] as const) : (['device', of.device] as const);
  const touched = newest?.[field] === id ? `${newest.id} ${newest.t_out} ${newest.kind}` : '';
  const loaded = useLoaded(`${field} ${id}|${touched}`, (signal) => api.stays(of, signal));
  return (
    <Await of={loaded}>
      {(stays) =>
        stays.length === 0 ? (
          <p className="quiet">{t('cell.noVisits')}</p>
        ) : (
          <ul className="stay-list">
            {stays.map((stay) => (
              <StayRow key={stay.id} stay={stay} onCell={onCell} onOfficer={onOfficer} />
            ))}
          </ul>
        )
      }
    </Await>
  );
}

function StayRow({
  stay,
  onCell,
  onOfficer,
}: {
  stay: Stay;
  onCell?: Props['onCell'];
  onOfficer?: Props['onOfficer'];
}) {
  const { t, language } = useSpeech();
  const zone = useSignal(useModel().timeZone);
  const city = useCity();
  const [name, open] = onCell
    ? [stay.kind === 'between' ? cellsBetween(city, stay, t) : cellName(city, stay.cell), () => onCell(stay.cell)]
    : [stay.device ?? '–', () => stay.device && onOfficer?.(stay.device)];
  return (
    <li className={`stay stay-${stay.kind}`}>
      <button type="button" className="link-button" onClick={open}>
        {name}
      </button>
      <span className="stay-kind">
        {stay.kind === 'between' && !onCell ? cellsBetween(city, stay, t) : t(`stay.${stay.kind}` as Key)}
      </span>
      <span className="quiet">
        {moment(Date.parse(stay.t_in), zone, LOCALE[language])} · {span(stay.dwell_s * 1000, t)} ·{' '}
        {distance(stay.path_m, t)}
        {stay.open && ` · ${t('stay.open')}`}
      </span>
    </li>
  );
}
