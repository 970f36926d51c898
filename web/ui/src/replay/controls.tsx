// Play, speed, jumps, time line, officers and export of a clip.

import { useState } from 'react';
import * as api from '../data/api.ts';
import { useSpeech } from '../i18n/index.ts';
import { Icon } from '../parts/icons.tsx';
import { download, Exporting } from '../panels/exporting.tsx';
import { IconButton } from '../parts/parts.tsx';
import { FORMS, type Form, MEDIA_TYPES, exported } from './exports.ts';
import type { Player } from './hooks.ts';
import type { ReplayModel } from './model.ts';
import { Timeline } from './timeline.tsx';

const SPEEDS = [1, 10, 60, 300, 600] as const;
/** Points of a track are thinned to one for each so many parts of the period (docs/replay.md). */
const POINTS = 1_440;

interface Props {
  model: ReplayModel;
  progress: number;
  player: Player;
  only: readonly string[];
  onOnly(names: readonly string[]): void;
}

export function Controls({ model, progress, player, only, onOnly }: Props) {
  const { t } = useSpeech();
  const { clip } = model;
  const { calls } = clip;
  const before = calls.findLast((at) => at < player.at - 1000);
  const after = calls.find((at) => at > player.at);
  return (
    <div className="replay-controls">
      <div className="replay-buttons">
        <IconButton icon="back" label={t('replay.back')} onClick={() => before !== undefined && player.seek(before)} />
        <button
          type="button"
          className="play"
          aria-label={t(player.playing ? 'replay.pause' : 'replay.play')}
          onClick={player.toggle}
        >
          <Icon name={player.playing ? 'pause' : 'play'} size={20} />
        </button>
        <IconButton icon="next" label={t('replay.next')} onClick={() => after !== undefined && player.seek(after)} />
        <div className="segmented" role="group" aria-label={t('replay.speed')}>
          {SPEEDS.map((speed) => (
            <button
              key={speed}
              type="button"
              aria-pressed={speed === player.speed}
              onClick={() => player.setSpeed(speed)}
            >
              {t('replay.speedOf', { n: speed })}
            </button>
          ))}
        </div>
        <Officers model={model} only={only} onOnly={onOnly} />
        <Exports model={model} />
        {progress >= 1 && !clip.whole && <span className="failed">{t('replay.broken')}</span>}
        {clip.leftOut > 0 && <span className="quiet">{t('replay.leftOut', { n: clip.leftOut })}</span>}
      </div>
      <Timeline clip={clip} progress={progress} at={player.at} onSeek={player.seek} />
    </div>
  );
}

/** Whose tracks are shown: all, or those that were ticked. */
function Officers({ model, only, onOnly }: Pick<Props, 'model' | 'only' | 'onOnly'>) {
  const { t } = useSpeech();
  const [known, setKnown] = useState<readonly string[]>([]);
  const names = [...new Set([...model.clip.tracks.map((track) => track.device), ...known, ...only])].toSorted();
  const toggle = (name: string): void => {
    setKnown(names);
    onOnly(only.includes(name) ? only.filter((one) => one !== name) : [...only, name]);
  };
  return (
    <details className="menu">
      <summary className="step">
        {t('replay.officers')} <span className="number">{only.length > 0 ? only.length : t('replay.all')}</span>
      </summary>
      <div className="menu-body panel">
        <button type="button" className="link-button" onClick={() => onOnly([])}>
          {t('replay.all')}
        </button>
        {names.map((name) => (
          <label key={name}>
            <input type="checkbox" checked={only.includes(name)} onChange={() => toggle(name)} /> {name}
          </label>
        ))}
      </div>
    </details>
  );
}

function Exports({ model }: { model: ReplayModel }) {
  const save = async (form: Form, purpose: string): Promise<void> => {
    const { clip } = model;
    const tracks = clip.tracks.filter((track) => track.t.length > 0);
    const mark = await api.exportMark({ form, devices: tracks.map(({ device }) => device), purpose }, clip);
    const text = exported(tracks, form, mark, (clip.to - clip.from) / POINTS);
    const address = URL.createObjectURL(new Blob([text], { type: MEDIA_TYPES[form] }));
    download(address, `patrolgrid-${new Date(clip.from).toISOString().slice(0, 16).replace(':', '')}.${form}`);
    URL.revokeObjectURL(address);
  };
  return <Exporting forms={FORMS} onSave={save} />;
}
