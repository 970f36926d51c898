// The card of one unit cell: its state, what is required of it, and who was there.

import * as api from '../data/api.ts';
import { whyUnknown } from '../words/between.ts';
import { cellName, useCity } from '../data/city.ts';
import { clock, span } from '../words/format.ts';
import { useLoaded, useModel, useServerNow, useSignal } from '../parts/hooks.ts';
import { type Key, LOCALE, useSpeech } from '../i18n/index.ts';
import type { CellNow } from '../live/model.ts';
import { Card, Fact, LevelBadge, StateBadge } from '../parts/parts.tsx';
import { EventList } from './events.tsx';
import { History } from './history.tsx';
import { Stays } from './stays.tsx';

interface Props {
  code: string;
  onOfficer(id: string): void;
  onClose(): void;
}

const MINUTE_MS = 60_000;
const CLASSES = ['business', 'public', 'institution', 'residential'];

export function CellCard({ code, onOfficer, onClose }: Props) {
  const { t } = useSpeech();
  const model = useModel();
  const city = useCity();
  useSignal(model.cellTally);
  const feature = city.byCode.get(code);
  if (!feature) return null;
  const { properties } = feature;
  const now = model.cell(Number(feature.id));
  const named = (area: string): string => city.areaNames.get(area) ?? area;
  return (
    <Card
      kind={t('cell.kind')}
      title={cellName(city, code)}
      badge={
        <>
          <StateBadge state={now.state} />
          {now.present && <span className="present-badge">{t('cell.present')}</span>}
          {properties.synthetic && <span className="synthetic-badge">{t('synthetic.badge')}</span>}
        </>
      }
      onClose={onClose}
    >
      <p className="quiet">{t(explanation(now))}</p>
      {now.state === 'unknown' && <Between code={code} since={now.lastVisit} />}
      <dl className="facts">
        <Due cell={now} />
        {properties.limit_s != null && <Fact name={t('cell.limit')}>{span(properties.limit_s * 1000, t)}</Fact>}
        <Fact name={t('cell.class')}>
          {CLASSES.includes(properties.class) ? t(`class.${properties.class}` as Key) : properties.class}
        </Fact>
        <Fact name={t('cell.grid')}>{named(properties.grid)}</Fact>
        <Fact name={t('cell.street')}>{named(properties.street)}</Fact>
        <Fact name={t('cell.code')}>
          <span className="code">{code}</span>
        </Fact>
      </dl>
      <CellAlerts code={code} onOfficer={onOfficer} />
      <h3 className="list-head">{t('cell.visits')}</h3>
      <Stays of={{ cell: code }} onOfficer={onOfficer} />
      <History code={code} />
      <EventList of={{ cell: code }} />
    </Card>
  );
}

/** What the state means; a cell never visited is in time only because data began a short while ago. */
const explanation = ({ state, lastVisit }: CellNow): Key =>
  state === 'fresh' && lastVisit === null ? 'state.since.help' : `state.${state}.help`;

/** Devices that may have visited the cell from its boundary since, if this is why its state is unknown. */
function Between({ code, since }: { code: string; since: number | null }) {
  const { t, language } = useSpeech();
  const zone = useSignal(useModel().timeZone);
  const city = useCity();
  const until = Math.ceil(useServerNow() / MINUTE_MS) * MINUTE_MS;
  const loaded = useLoaded(`between ${code} ${until}`, (signal) => api.between(code, new Date(until), signal));
  const stay = loaded.state === 'ready' ? loaded.value[0] : undefined;
  if (!stay || Date.parse(stay.t_out) <= (since ?? 0)) return null;
  const at = (ms: number): string => clock(ms, zone, LOCALE[language], false);
  return <p className="between-note">{whyUnknown(city, stay, at, t)}</p>;
}

function Due({ cell }: { cell: CellNow }) {
  const { t, language } = useSpeech();
  const zone = useSignal(useModel().timeZone);
  const now = useServerNow();
  const left = cell.due === null ? null : cell.due - now;
  return (
    <>
      <Fact name={t('cell.due')}>
        {left === null && t('cell.dueUnknown')}
        {left !== null && left < 0 && <strong>{t('cell.overdueBy', { age: span(-left, t) })}</strong>}
        {left !== null && left >= 0 && (
          <>
            {span(left, t)} <small>{clock(cell.due as number, zone, LOCALE[language], false)}</small>
          </>
        )}
      </Fact>
      <Fact name={t('cell.lastVisit')}>
        {cell.lastVisit === null ? (
          t('cell.noVisit')
        ) : (
          <>
            {t('age.ago', { age: span(now - cell.lastVisit, t) })}{' '}
            <small>{clock(cell.lastVisit, zone, LOCALE[language], false)}</small>
          </>
        )}
      </Fact>
    </>
  );
}

function CellAlerts({ code, onOfficer }: { code: string; onOfficer(id: string): void }) {
  const { t, language } = useSpeech();
  const alerts = useSignal(useModel().alerts).filter((alert) => alert.cell === code);
  if (alerts.length === 0) return null;
  return (
    <>
      <h3 className="list-head">{t('cell.alert')}</h3>
      {alerts.map((alert) => (
        <p key={alert.id} className={`alert-note level-${alert.level}`}>
          <LevelBadge level={alert.level} /> {language === 'zh' ? alert.text_zh : alert.text_en}
          {typeof alert.facts.officer === 'string' && <OfficerLink id={alert.facts.officer} onOfficer={onOfficer} />}
        </p>
      ))}
    </>
  );
}

function OfficerLink({ id, onOfficer }: { id: string; onOfficer(id: string): void }) {
  const { t } = useSpeech();
  return (
    <button type="button" className="link-button block" onClick={() => onOfficer(id)}>
      {t('cell.nearest', { id })}
    </button>
  );
}
