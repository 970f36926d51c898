// Import of a grid: the file is tried first, its faults are named and shown on a small map, then it is put in force.

import type { FeatureCollection, Polygon, Position } from 'geojson';
import { useMemo, useState } from 'react';
import * as api from '../api.ts';
import type { GridImport } from '../generated/imports.ts';
import { useSpeech } from '../i18n/index.ts';

const SIDE = 420;
const FAULTS_SHOWN = 100;

interface Trial {
  name: string;
  text: string;
  result: GridImport;
}

export function GridImportPage() {
  const { t, language } = useSpeech();
  const [trial, setTrial] = useState<Trial | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const post = async (name: string, text: string, dry: boolean): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      setTrial({ name, text, result: await api.importGrid(text, dry) });
    } catch (fault) {
      setError((fault as Error).message);
    } finally {
      setBusy(false);
    }
  };
  const result = trial?.result;
  return (
    <>
      <p className="quiet">{t('grid.help')}</p>
      <label className="step primary file">
        {t('grid.choose')}
        <input
          type="file"
          className="hidden"
          aria-label={t('grid.file')}
          accept=".json,.geojson,application/geo+json,application/json"
          onChange={(event) => {
            const file = event.target.files?.[0];
            if (file) void file.text().then((text) => post(file.name, text, true));
          }}
        />
      </label>
      {busy && <p role="status">{t('panel.loading')}</p>}
      {error && (
        <p className="failed" role="alert">
          {error}
        </p>
      )}
      {trial && result && (
        <div className="grid-trial">
          <Preview text={trial.text} faulty={new Set(result.faults.map((fault) => fault.feature))} />
          <div>
            {result.faults.length === 0 ? (
              <p role="status">
                {t(result.done ? 'grid.done' : 'grid.would', {
                  cells: result.cells,
                  added: result.added,
                  changed: result.changed,
                  ended: result.ended,
                  areas: result.areas,
                })}
              </p>
            ) : (
              <>
                <p className="failed" role="alert">
                  {t('grid.faults', { n: result.faults.length })}
                </p>
                <ol className="faults">
                  {result.faults.slice(0, FAULTS_SHOWN).map((fault, i) => (
                    // oxlint-disable-next-line react/no-array-index-key -- a file may have the same fault twice
                    <li key={`${fault.feature} ${fault.kind} ${i}`}>
                      {fault.feature !== null && <b>{t('grid.feature', { n: fault.feature })} </b>}
                      {fault.code && <span className="code">{fault.code} </span>}
                      {language === 'zh' ? fault.zh : fault.en}
                    </li>
                  ))}
                </ol>
              </>
            )}
            {result.faults.length === 0 && !result.done && (
              <button
                type="button"
                className="step primary"
                disabled={busy}
                onClick={() => void post(trial.name, trial.text, false)}
              >
                {t('grid.import')}
              </button>
            )}
          </div>
        </div>
      )}
    </>
  );
}

/** The polygons of a file as SVG paths; what is no polygon is left out: the faults name it. */
function shapesOf(text: string): { paths: { index: number; d: string }[] } {
  let file: FeatureCollection;
  try {
    file = JSON.parse(text) as FeatureCollection;
  } catch {
    return { paths: [] };
  }
  const rings = (file.features ?? []).flatMap((feature, index) => {
    const polygon = feature?.geometry as Polygon | null;
    const ring = polygon?.type === 'Polygon' ? polygon.coordinates?.[0] : undefined;
    return Array.isArray(ring) && ring.length > 2 ? [{ index, ring }] : [];
  });
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { ring } of rings) {
    for (const [lng, lat] of ring) {
      box[0] = Math.min(box[0], lng);
      box[1] = Math.min(box[1], lat);
      box[2] = Math.max(box[2], lng);
      box[3] = Math.max(box[3], lat);
    }
  }
  const squeeze = Math.cos((((box[1] + box[3]) / 2) * Math.PI) / 180);
  const scale = SIDE / Math.max((box[2] - box[0]) * squeeze, box[3] - box[1]);
  const place = ([lng, lat]: Position): string =>
    `${((lng - box[0]) * squeeze * scale).toFixed(1)} ${((box[3] - lat) * scale).toFixed(1)}`;
  return { paths: rings.map(({ index, ring }) => ({ index, d: `M${ring.map(place).join('L')}Z` })) };
}

function Preview({ text, faulty }: { text: string; faulty: ReadonlySet<number | null> }) {
  const { t } = useSpeech();
  const { paths } = useMemo(() => shapesOf(text), [text]);
  const sound = paths.filter(({ index }) => !faulty.has(index));
  return (
    <svg className="grid-preview" viewBox={`-4 -4 ${SIDE + 8} ${SIDE + 8}`} role="img" aria-label={t('grid.preview')}>
      <path className="sound" d={sound.map(({ d }) => d).join('')} />
      {paths
        .filter(({ index }) => faulty.has(index))
        .map(({ index, d }) => (
          <path key={index} className="faulty" d={d} />
        ))}
    </svg>
  );
}
