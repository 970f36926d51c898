// A list of records with a form to add one, used by most settings.

import { type ReactNode, type SubmitEvent, useState } from 'react';
import * as api from '../data/api.ts';
import { useLoaded, useServerNow } from '../parts/hooks.ts';
import { useSpeech } from '../i18n/index.ts';
import type { Key } from '../i18n/zh.ts';
import { Await } from '../parts/parts.tsx';
import { type Notice, NoticeLine } from './notice.tsx';

export type Row = Readonly<Record<string, unknown>>;
import { AddForm, Input } from './fields.tsx';

export interface Column {
  name: Key;
  show(row: Row): ReactNode;
}

export interface Field {
  field: string;
  name: Key;
  kind: 'text' | 'number' | 'moment' | 'password' | 'choice' | 'check';
  /** All options of a choice; suggestions for a text. */
  choices?: readonly { value: string; name: string }[];
  required?: boolean;
  start?: string;
}

export interface RowAction {
  name: Key;
  /** Whether it applies to this row. */
  when?(row: Row): boolean;
  /** Requires a second press. */
  sure?: boolean;
  /** Field that must be filled in with it. */
  ask?: Field;
  act(row: Row, said: string): Promise<unknown>;
}

export interface Resource {
  path: string;
  id(row: Row): string;
  columns: readonly Column[];
  /** Most rows fetched; the newest of a long list. */
  most?: number;
  /** Read again every few seconds. */
  refresh?: boolean;
  fields?: readonly Field[];
  /** Body of the request that adds a record. */
  body?(values: Readonly<Record<string, string>>): unknown;
  actions?: readonly RowAction[];
  /** What the answer shows once, for example a password. */
  once?(answer: unknown): ReactNode;
}

const MOST = 5_000;
const REFRESH_MS = 5_000;
/** Lists with more rows than this have a filter. */
const FILTERED_FROM = 8;

export function Table({ of }: { of: Resource }) {
  const { t } = useSpeech();
  const [version, setVersion] = useState(0);
  const [notice, setNotice] = useState<Notice>(null);
  const [filter, setFilter] = useState('');
  const tick = Math.floor(useServerNow(REFRESH_MS) / REFRESH_MS);
  const loaded = useLoaded(`${of.path}|${version} ${of.refresh ? tick : ''}`, () =>
    api.all<Row>(of.path, of.most ?? MOST),
  );
  const run = async (act: () => Promise<unknown>): Promise<void> => {
    try {
      const answer = await act();
      setNotice({ text: of.once?.(answer) ?? t('settings.done'), failed: false });
      setVersion((old) => old + 1);
    } catch (error) {
      setNotice({ text: (error as Error).message, failed: true });
    }
  };
  return (
    <>
      {of.fields && <AddForm of={of} onAdd={(body) => run(() => api.send('POST', of.path, body))} />}
      <NoticeLine notice={notice} />
      <Await of={loaded}>
        {(rows) => {
          const wanted = filter.trim().toLowerCase();
          const shown = rows.filter((row) => !wanted || JSON.stringify(row).toLowerCase().includes(wanted));
          return (
            <>
              {rows.length > FILTERED_FROM && (
                <input
                  className="filter"
                  aria-label={t('settings.filter')}
                  placeholder={t('settings.filter')}
                  value={filter}
                  onChange={(event) => setFilter(event.target.value)}
                />
              )}
              {shown.length === 0 ? (
                <p className="quiet">{t('settings.none')}</p>
              ) : (
                <Rows of={of} rows={shown} onAct={(action, row, said) => void run(() => action.act(row, said))} />
              )}
            </>
          );
        }}
      </Await>
    </>
  );
}

const SHOWN_FIRST = 100;

interface RowsProps {
  of: Resource;
  rows: readonly Row[];
  onAct(action: RowAction, row: Row, said: string): void;
}

function Rows({ of, rows, onAct }: RowsProps) {
  const { t } = useSpeech();
  const [shown, setShown] = useState(SHOWN_FIRST);
  return (
    <div className="table-scroll">
      <table>
        <thead>
          <tr>
            {of.columns.map((column) => (
              <th key={column.name} scope="col">
                {t(column.name)}
              </th>
            ))}
            {of.actions && (
              <th scope="col">
                <span className="hidden">{t('settings.actions')}</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, shown).map((row) => (
            <tr key={of.id(row)}>
              {of.columns.map((column) => (
                <td key={column.name}>{column.show(row)}</td>
              ))}
              {of.actions && (
                <td className="row-actions">
                  {of.actions
                    .filter((action) => action.when?.(row) ?? true)
                    .map((action) =>
                      action.ask ? (
                        <AskButton
                          key={action.name}
                          action={action}
                          ask={action.ask}
                          onAct={(said) => onAct(action, row, said)}
                        />
                      ) : (
                        <ActionButton key={action.name} action={action} onAct={() => onAct(action, row, '')} />
                      ),
                    )}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > shown && (
        <button type="button" className="more-button" onClick={() => setShown(shown + SHOWN_FIRST)}>
          {t('alerts.more', { n: Math.min(SHOWN_FIRST, rows.length - shown) })}
        </button>
      )}
    </div>
  );
}

/** An action that cannot be undone requires a second press. */
function ActionButton({ action, onAct }: { action: RowAction; onAct(): void }) {
  const { t } = useSpeech();
  const [asked, setAsked] = useState(false);
  return (
    <button
      type="button"
      className={asked ? 'step primary' : 'step'}
      onBlur={() => setAsked(false)}
      onClick={() => {
        if (action.sure && !asked) setAsked(true);
        else {
          setAsked(false);
          onAct();
        }
      }}
    >
      {asked ? t('settings.sure', { what: t(action.name) }) : t(action.name)}
    </button>
  );
}

/** An action with a field to fill in first. */
function AskButton({ action, ask, onAct }: { action: RowAction; ask: Field; onAct(said: string): void }) {
  const { t } = useSpeech();
  const [said, setSaid] = useState<string | null>(null);
  if (said === null) {
    return (
      <button type="button" className="step" onClick={() => setSaid(ask.start ?? '')}>
        {t(action.name)}
      </button>
    );
  }
  const act = (event: SubmitEvent): void => {
    event.preventDefault();
    onAct(said);
    setSaid(null);
  };
  return (
    <form className="row-ask" onSubmit={act}>
      <label>
        <span className="hidden">{t(ask.name)}</span>
        <Input field={ask} value={said} onChange={setSaid} />
      </label>
      <button type="submit" className="step primary">
        {t('act.confirm')}
      </button>
      <button type="button" className="step" onClick={() => setSaid(null)}>
        {t('act.cancel')}
      </button>
    </form>
  );
}
