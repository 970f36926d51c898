// Import of a file: a dry run first, with its faults listed and shown on a small map, then the import.

import type { Position } from 'geojson';
import { useMemo, useState } from 'react';
import * as api from '../data/api.ts';
import { useCity } from '../data/city.ts';
import type { GridFault, ImportProblem } from '../generated/imports.ts';
import { type Key, type Translate, useSpeech } from '../i18n/index.ts';
import { borders } from '../map/borders.ts';
import { boxOf } from '../map/shapes.ts';
import { pathOf, type Shape, shapesOf, sheetOf } from './fileshapes.ts';

const SIDE = 420;
const FAULTS_SHOWN = 100;
const FORMS = { geojson: 'application/geo+json', csv: 'text/csv' } as const;

type Form = keyof typeof FORMS;

/** Answer of every import. */
interface Tried {
  done: boolean;
}

export interface Importable<R extends Tried> {
  path: string;
  help: Key;
  file: Key;
  forms: readonly Form[];
  /** The file stands on the cells in force. */
  onCells: boolean;
  /** What is in force now, or would be. */
  tell(result: R, t: Translate): string;
}

interface Trial<R> {
  text: string;
  form: Form;
  /** Faults of a refused file, or what an accepted one changes. */
  result: readonly GridFault[] | R;
}

/** Faults of a refused file; null: it failed for another reason. */
function faultsOf(error: unknown): readonly GridFault[] | null {
  const problem = error instanceof api.ApiError ? (error.problem as ImportProblem | null) : null;
  return problem?.faults ?? null;
}

const isRefused = (result: readonly GridFault[] | Tried): result is readonly GridFault[] => Array.isArray(result);

const ENDINGS: Record<Form, string> = {
  geojson: '.json,.geojson,application/geo+json,application/json',
  csv: '.csv,text/csv',
};

export function ImportPage<R extends Tried>({ of }: { of: Importable<R> }) {
  const { t } = useSpeech();
  const [trial, setTrial] = useState<Trial<R> | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const post = async (text: string, form: Form, dry: boolean): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      setTrial({ text, form, result: await api.importFile<R>(of.path, text, FORMS[form], dry) });
    } catch (failed) {
      const faults = faultsOf(failed);
      if (faults) setTrial({ text, form, result: faults });
      else setError((failed as Error).message);
    } finally {
      setBusy(false);
    }
  };
  const choose = async (file: File): Promise<void> => {
    setTrial(null); // if this file fails, the one before must not be imported instead
    await post(await file.text(), file.name.toLowerCase().endsWith('.csv') ? 'csv' : 'geojson', true);
  };
  return (
    <>
      <p className="quiet">{t(of.help)}</p>
      <label className="step primary file">
        {t('import.choose')}
        <input
          type="file"
          className="hidden"
          aria-label={t(of.file)}
          accept={of.forms.map((form) => ENDINGS[form]).join(',')}
          onChange={(event) => {
            const [file] = event.target.files ?? [];
            event.target.value = ''; // the same file may be chosen again after a correction
            if (file) void choose(file);
          }}
        />
      </label>
      {busy && <p role="status">{t('panel.loading')}</p>}
      {error && (
        <p className="failed" role="alert">
          {error}
        </p>
      )}
      {trial && (
        <div className="import-trial">
          <Preview
            text={trial.text}
            form={trial.form}
            faults={isRefused(trial.result) ? trial.result : []}
            onCells={of.onCells}
          />
          <div>
            {isRefused(trial.result) ? (
              <Faults faults={trial.result} />
            ) : (
              <p role="status">{of.tell(trial.result, t)}</p>
            )}
            {!isRefused(trial.result) && !trial.result.done && (
              <button
                type="button"
                className="step primary"
                disabled={busy}
                onClick={() => void post(trial.text, trial.form, false)}
              >
                {t('import.import')}
              </button>
            )}
          </div>
        </div>
      )}
    </>
  );
}

function Faults({ faults }: { faults: readonly GridFault[] }) {
  const { t, language } = useSpeech();
  return (
    <>
      <p className="failed" role="alert">
        {t('import.faults', { n: faults.length })}
      </p>
      <ol className="faults">
        {faults.slice(0, FAULTS_SHOWN).map((fault, i) => (
          // oxlint-disable-next-line react/no-array-index-key -- a file may have the same fault twice
          <li key={`${fault.feature} ${fault.kind} ${i}`}>
            {fault.feature !== null && <b>{t('import.feature', { n: fault.feature })} </b>}
            {fault.code && <span className="code">{fault.code} </span>}
            {language === 'zh' ? fault.zh : fault.en}
          </li>
        ))}
      </ol>
    </>
  );
}

interface PreviewProps {
  text: string;
  form: Form;
  faults: readonly GridFault[];
  onCells: boolean;
}

/** Outlines of grids and larger areas. */
const outlines = (cells: api.Cells): Position[][] =>
  borders(cells).features.flatMap(({ geometry, properties }) =>
    properties.level === 'cell' ? [] : geometry.coordinates,
  );

/** The features of a file, faulty ones on top with their faults as a tooltip. */
function Preview({ text, form, faults, onCells }: PreviewProps) {
  const { t, language } = useSpeech();
  const { cells } = useCity();
  const ground = useMemo(() => (onCells ? outlines(cells) : []), [cells, onCells]);
  const shapes = useMemo(() => shapesOf(text, form), [text, form]);
  const box = boxOf([...ground, ...shapes.flatMap(({ parts }) => parts)]);
  if (!box) return null;
  const sheet = sheetOf(box, SIDE);
  const why = new Map(faults.map((fault) => [fault.feature, language === 'zh' ? fault.zh : fault.en]));
  const path = (some: readonly Shape[]): string =>
    pathOf(
      some.flatMap(({ parts }) => parts),
      sheet,
    );
  const kinds = ['area', 'line', 'point'] as const;
  return (
    <svg
      className="import-preview"
      viewBox={`-6 -6 ${sheet.width + 12} ${sheet.height + 12}`}
      role="img"
      aria-label={t('import.preview')}
    >
      <path className="ground" d={pathOf(ground, sheet)} />
      {kinds.map((kind) => (
        <path
          key={kind}
          className={`sound ${kind}`}
          d={path(shapes.filter((shape) => shape.kind === kind && !why.has(shape.index)))}
        />
      ))}
      {shapes
        .filter(({ index }) => why.has(index))
        .map((shape) => (
          <path key={shape.index} className={`faulty ${shape.kind}`} d={path([shape])}>
            <title>{`${t('import.feature', { n: shape.index })} ${why.get(shape.index)}`}</title>
          </path>
        ))}
    </svg>
  );
}
