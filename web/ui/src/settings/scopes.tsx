// Scopes of plans and rules: their names, and choosing one.

import { useId, useState } from 'react';
import { cellName, type City, useCity } from '../data/city.ts';
import { type Key, type Translate, useSpeech } from '../i18n/index.ts';

const CLASSES = ['business', 'public', 'institution', 'residential'] as const;
/** Most suggestions while a code or name is typed. */
const SUGGESTED = 40;

/** Name of a scope such as class:business. */
export function scopeName(scope: string, city: City, t: Translate): string {
  const [kind, code] = scope.split(':');
  if (kind === 'city') return t('plan.city');
  if (kind === 'class') return CLASSES.some((one) => one === code) ? t(`class.${code}` as Key) : code;
  return kind === 'cell' ? cellName(city, code) : (city.areaNames.get(code) ?? code);
}

interface Choice {
  code: string;
  name: string;
}

/** All scopes of a kind, by name. */
function choices(kind: string, city: City, t: Translate): Choice[] {
  if (kind === 'class') return CLASSES.map((code) => ({ code, name: t(`class.${code}`) }));
  if (kind === 'cell') return [...city.byCode.keys()].map((code) => ({ code, name: cellName(city, code) }));
  const level = kind === 'unit' ? 'street' : 'grid';
  return city.areas.filter((area) => area.level === level).map(({ code, name }) => ({ code, name }));
}

interface Props {
  scope: string;
  /** Kinds of scopes on offer, the widest first. */
  kinds: readonly string[];
  /** Scopes that have a rule of their own already. */
  marked: readonly string[];
  onScope(scope: string): void;
}

export function ScopeField({ scope, kinds, marked, onScope }: Props) {
  const { t } = useSpeech();
  const city = useCity();
  const [kind, code = ''] = scope.split(':');
  const offered = choices(kind, city, t);
  const choose = (next: string): void => {
    const first = next === 'city' ? undefined : choices(next, city, t)[0];
    onScope(first ? `${next}:${first.code}` : 'city');
  };
  return (
    <div className="scope">
      <label>
        {t('plan.scope')}
        <select value={kind} onChange={(event) => choose(event.target.value)}>
          {kinds.map((one) => (
            <option key={one} value={one}>
              {t(`scope.${one}` as Key)}
            </option>
          ))}
        </select>
      </label>
      {(kind === 'class' || kind === 'unit') && (
        <label>
          {t(`scope.${kind}`)}
          <select value={code} onChange={(event) => onScope(`${kind}:${event.target.value}`)}>
            {offered.map((one) => (
              <option key={one.code} value={one.code}>
                {one.name}
              </option>
            ))}
          </select>
        </label>
      )}
      {(kind === 'grid' || kind === 'cell') && (
        <CodeField key={kind} kind={kind} code={code} offered={offered} onCode={(one) => onScope(`${kind}:${one}`)} />
      )}
      {marked.length > 0 && (
        <div className="marked">
          <span className="quiet">{t('scope.marked')}</span>
          {marked.map((one) => (
            <button key={one} type="button" className="step" aria-pressed={one === scope} onClick={() => onScope(one)}>
              {scopeName(one, city, t)}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

interface CodeProps {
  kind: 'grid' | 'cell';
  code: string;
  offered: readonly Choice[];
  onCode(code: string): void;
}

/** Choice among very many codes, by part of the name or code. */
function CodeField({ kind, code, offered, onCode }: CodeProps) {
  const { t } = useSpeech();
  const list = useId();
  const [text, setText] = useState(code);
  const found = offered.filter((one) => one.code.includes(text) || one.name.includes(text)).slice(0, SUGGESTED);
  const type = (value: string): void => {
    setText(value);
    const hit = offered.find((one) => one.code === value || one.name === value);
    if (hit) onCode(hit.code);
  };
  return (
    <label>
      {t(`scope.${kind}`)}
      <input
        list={list}
        value={text}
        aria-invalid={!offered.some((one) => one.code === text || one.name === text)}
        placeholder={t('scope.type')}
        onChange={(event) => type(event.target.value)}
      />
      <datalist id={list}>
        {found.map((one) => (
          <option key={one.code} value={one.code}>
            {one.name}
          </option>
        ))}
      </datalist>
    </label>
  );
}
