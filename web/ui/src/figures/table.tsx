// A table of indicators whose columns sort it, and what they mean.

import { useState } from 'react';
import { useCity } from '../data/city.ts';
import { distance, span } from '../words/format.ts';
import { type Key, type Translate, useSpeech } from '../i18n/index.ts';
import { belongsTo, type Column, type Level, NAME, nameOf, ofPeople, OWNER, type Row } from './columns.ts';

const SHOWN_FIRST = 100;
const MORE = 500;

interface Props<R extends Row> {
  level: Level;
  rows: readonly R[];
  columns: readonly Column<R>[];
  /** Key of the column that orders the rows, `-` before it for the largest first. */
  sort: string;
  onSort(sort: string): void;
  onOpen(row: R): void;
}

export function Rows<R extends Row>({ level, rows, columns, sort, onSort, onOpen }: Props<R>) {
  const { t } = useSpeech();
  const [most, setMost] = useState(SHOWN_FIRST);
  const head = { sort, onSort };
  const people = ofPeople(level);
  return (
    <>
      <div className="figures-scroll">
        <table>
          <thead>
            <tr>
              <Head by={NAME} name="figure.name" {...head} />
              <Head by={OWNER} name={people ? 'figure.unit' : 'figure.owner'} {...head} />
              {columns.map(({ key }) => (
                <Head key={key} by={key} name={`figure.${key}` as Key} help={`figure.${key}.help` as Key} {...head} />
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, most).map((row) => (
              <tr key={row.code}>
                <th scope="row">
                  <Name row={row} onOpen={level === 'officer' ? null : () => onOpen(row)} />
                </th>
                <td>
                  <Owner row={row} />
                </td>
                {columns.map((column) => (
                  <td key={column.key} className={`figure ${column.measure}`}>
                    <Figure row={row} column={column} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {rows.length > most && (
        <button type="button" className="step" onClick={() => setMost(most + MORE)}>
          {t('alerts.more', { n: Math.min(MORE, rows.length - most) })}
        </button>
      )}
    </>
  );
}

interface HeadProps {
  by: string;
  name: Key;
  help?: Key;
  sort: string;
  onSort(sort: string): void;
}

function Head({ by, name, help, sort, onSort }: HeadProps) {
  const { t } = useSpeech();
  const order = sort === by ? 'ascending' : sort === `-${by}` ? 'descending' : undefined;
  return (
    <th scope="col" aria-sort={order}>
      <button type="button" title={help && t(help)} onClick={() => onSort(order === 'ascending' ? `-${by}` : by)}>
        {t(name)}
        <span className="sort-sign" aria-hidden="true">
          {order === 'ascending' ? '▲' : order === 'descending' ? '▼' : ''}
        </span>
      </button>
    </th>
  );
}

/** A name, its code where they differ, and the way to the map. */
function Name({ row, onOpen }: { row: Row; onOpen: (() => void) | null }) {
  const name = nameOf(row);
  return (
    <>
      {onOpen ? (
        <button type="button" className="link-button" onClick={onOpen}>
          {name}
        </button>
      ) : (
        name
      )}
      {name !== row.code && <small className="code">{row.code}</small>}
    </>
  );
}

function Owner({ row }: { row: Row }) {
  const city = useCity();
  const owner = belongsTo(row);
  return <>{owner === null ? '—' : (city.areaNames.get(owner) ?? owner)}</>;
}

function Figure<R extends Row>({ row, column }: { row: R; column: Column<R> }) {
  const { t } = useSpeech();
  const value = column.value(row);
  if (value === null) {
    return (
      <>
        <span aria-hidden="true">—</span>
        <span className="hidden">{t('figure.untold')}</span>
      </>
    );
  }
  const of = column.of?.(row);
  const remark = column.remark?.(row);
  return (
    <>
      <span className="number">{formatted(value, column, t)}</span>
      {of && <small>{of}</small>}
      {remark && <small>{t(remark)}</small>}
      {column.measure === 'share' && (
        <span className="share-bar" aria-hidden="true">
          <span style={{ width: `${100 * Math.min(1, value)}%` }} />
        </span>
      )}
    </>
  );
}

function formatted<R extends Row>(value: number, { measure }: Column<R>, t: Translate): string {
  if (measure === 'share') return t('unit.percent', { n: (100 * value).toFixed(1) });
  if (measure === 'span') return span(1000 * value, t);
  return measure === 'way' ? distance(value, t) : String(value);
}

/** Every column with its formula, for those who cannot point at its head. */
export function Meaning<R extends Row>({ columns }: { columns: readonly Column<R>[] }) {
  const { t } = useSpeech();
  return (
    <details className="meaning">
      <summary>{t('figure.meaning')}</summary>
      <p className="quiet">{t('figure.nullHelp')}</p>
      <dl>
        {columns.map(({ key }) => (
          <div key={key}>
            <dt>{t(`figure.${key}` as Key)}</dt>
            <dd>{t(`figure.${key}.help` as Key)}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
