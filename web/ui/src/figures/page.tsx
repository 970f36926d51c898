// The indicators: how well places were patrolled, and people patrolled them, over a period. Loaded apart from the map.

import { useState } from 'react';
import * as api from '../data/api.ts';
import { dayOf, fromField, usePeriod } from '../words/citytime.ts';
import type { Person, Place } from '../generated/figures.ts';
import { useEscape, useLoaded, useModel, useSignal } from '../parts/hooks.ts';
import { LOCALE, useSpeech } from '../i18n/index.ts';
import { download, Exporting } from '../panels/exporting.tsx';
import { Await, IconButton } from '../parts/parts.tsx';
import { type Screen, toLive } from '../screens/screen.ts';
import type { Page, Span } from '../screens/url.ts';
import { type Column, found, LEVELS, OF_PEOPLE, OF_PLACES, ofPeople, type Row, sorted } from './columns.ts';
import { Meaning, Rows } from './table.tsx';

const DAY_MS = 86_400_000;
const MOST = 50_000;
/** The server computes each page again, so one page must hold a whole city. */
const AT_ONCE = 20_000;

type FiguresAddress = Extract<Page, { kind: 'figures' }>;

interface Props {
  page: FiguresAddress;
  screen: Screen;
  /** Show on the map what a row is about. */
  onOpen(row: Row): void;
}

export function FiguresPage({ page: shown, screen, onOpen }: Props) {
  const { t } = useSpeech();
  const model = useModel();
  const [now] = useState(() => wholeSeconds(model.serverNow()));
  const close = toLive(screen);
  useEscape(close);
  const span = shown.span ?? { from: now - DAY_MS, to: now };
  const shared = { page: shown, span, screen, onOpen };
  return (
    <section className="settings figures panel" role="dialog" aria-label={t('figure.title')}>
      <div className="card-head">
        <div>
          <h2>{t('figure.title')}</h2>
        </div>
        <IconButton icon="close" label={t('panel.close')} onClick={close} />
      </div>
      <div className="figures-body">
        <Question key={`${span.from} ${span.to}`} page={shown} span={span} screen={screen} />
        {ofPeople(shown.level) ? (
          <Answer<Person> key="people" {...shared} columns={OF_PEOPLE} />
        ) : (
          <Answer<Place> key="places" {...shared} columns={OF_PLACES} />
        )}
      </div>
    </section>
  );
}

const wholeSeconds = (ms: number): number => Math.floor(ms / 1000) * 1000;

/** Stretches that are asked for most, by the days of the city. */
function presets(now: number, zone: string) {
  const midnight = (ms: number): number => fromField(`${dayOf(ms, zone)}T00:00`, zone);
  const today = midnight(now);
  const before = (days: number): Span => ({ from: midnight(today - (days - 0.5) * DAY_MS), to: wholeSeconds(now) });
  return [
    { name: 'figure.today', span: { from: today, to: wholeSeconds(now) } },
    { name: 'figure.yesterday', span: { from: midnight(today - DAY_MS / 2), to: today } },
    { name: 'figure.days7', span: before(7) },
    { name: 'figure.days30', span: before(30) },
  ] as const;
}

/** Of what and when. */
function Question({ page: shown, span, screen }: { page: FiguresAddress; span: Span; screen: Screen }) {
  const { t } = useSpeech();
  const model = useModel();
  const zone = useSignal(model.timeZone);
  const period = usePeriod(span, zone);
  return (
    <form
      className="figures-question"
      onSubmit={(event) => {
        event.preventDefault();
        if (period.span) screen.go({ ...shown, span: period.span });
      }}
    >
      <div className="segmented" role="group" aria-label={t('figure.level')}>
        {LEVELS.map((level) => (
          <button
            key={level}
            type="button"
            aria-pressed={shown.level === level}
            onClick={() => screen.go({ ...shown, level, sort: '', find: '' })}
          >
            {t(`figure.level.${level}`)}
          </button>
        ))}
      </div>
      <div className="segmented" role="group" aria-label={t('figure.period')}>
        {presets(model.serverNow(), zone).map((preset) => (
          <button key={preset.name} type="button" onClick={() => screen.go({ ...shown, span: preset.span })}>
            {t(preset.name)}
          </button>
        ))}
      </div>
      <label>
        <span>{t('figure.from')}</span>
        <input type="datetime-local" value={period.from} onChange={(event) => period.setFrom(event.target.value)} />
      </label>
      <label>
        <span>{t('figure.to')}</span>
        <input type="datetime-local" value={period.to} onChange={(event) => period.setTo(event.target.value)} />
      </label>
      <button type="submit" className="step primary" disabled={!period.span}>
        {t('figure.show')}
      </button>
    </form>
  );
}

interface AnswerProps<R extends Row> {
  page: FiguresAddress;
  span: Span;
  screen: Screen;
  columns: readonly Column<R>[];
  onOpen(row: Row): void;
}

function Answer<R extends Row>({ page: shown, span, screen, columns, onOpen }: AnswerProps<R>) {
  const { t, language } = useSpeech();
  const asked = api.figuresPath(shown.level, span);
  const loaded = useLoaded(asked, (signal) => api.all<R>(asked, MOST, signal, AT_ONCE));
  const save = async (form: string, purpose: string): Promise<void> =>
    download(`${api.ROOT}${asked}&format=${form}&purpose=${encodeURIComponent(purpose)}`);
  return (
    <Await of={loaded}>
      {(rows) => {
        if (rows.length === 0) return <p className="quiet">{t('figure.none')}</p>;
        const some = sorted(found(rows, shown.find), columns, shown.sort, LOCALE[language]);
        return (
          <>
            <div className="figures-tools">
              <input
                className="filter"
                aria-label={t('settings.filter')}
                placeholder={t('settings.filter')}
                value={shown.find}
                onChange={(event) => screen.go({ ...shown, find: event.target.value })}
              />
              <output className="quiet">{t('figure.rows', { n: some.length })}</output>
              <Exporting forms={['csv']} onSave={save} />
            </div>
            <Rows
              level={shown.level}
              rows={some}
              columns={columns}
              sort={shown.sort}
              onSort={(sort) => screen.go({ ...shown, sort })}
              onOpen={onOpen}
            />
            <Meaning columns={columns} />
          </>
        );
      }}
    </Await>
  );
}
