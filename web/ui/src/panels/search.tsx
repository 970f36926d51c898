// The search box: a combobox over officers, areas and cells. "/" brings the cursor here from anywhere.

import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import * as api from '../data/api.ts';
import type { City } from '../data/city.ts';
import { find, type Hit } from '../data/search.ts';
import { useModel } from '../parts/hooks.ts';
import { useSpeech } from '../i18n/index.ts';
import { Icon } from '../parts/icons.tsx';

const ICONS = { officer: 'officer', cell: 'cell', area: 'area' } as const;

interface Props {
  city: City;
  onHit(hit: Hit): void;
}

export function Search({ city, onHit }: Props) {
  const { t } = useSpeech();
  const model = useModel();
  const list = useId();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const [open, setOpen] = useState(false);
  useSlash(input);
  const hits = open ? find(text, model.names.values(), city) : [];
  const choose = (hit: Hit | undefined): void => {
    if (!hit) return;
    setOpen(false);
    setText('');
    input.current?.blur();
    onHit(hit);
  };
  const onKey = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && hits.length > 0) {
      event.preventDefault();
      setAt((at + step + hits.length) % hits.length);
    } else if (event.key === 'Enter') choose(hits[at]);
    else if (event.key === 'Escape') {
      event.stopPropagation();
      setOpen(false);
      input.current?.blur();
    }
  };
  return (
    <div className="search" role="search">
      <Icon name="search" size={16} />
      <input
        ref={input}
        type="search"
        role="combobox"
        aria-label={t('search.label')}
        aria-expanded={hits.length > 0}
        aria-controls={list}
        aria-autocomplete="list"
        aria-activedescendant={hits[at] ? `${list}-${at}` : undefined}
        placeholder={t('search.placeholder')}
        value={text}
        autoComplete="off"
        spellCheck={false}
        onFocus={() => {
          setOpen(true);
          learnNames(model);
        }}
        onBlur={() => setOpen(false)}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
          setOpen(true);
        }}
        onKeyDown={onKey}
      />
      <kbd aria-hidden="true">/</kbd>
      {open && text.trim() !== '' && (
        <div className="search-results panel" id={list} role="listbox" aria-label={t('search.label')}>
          {hits.length === 0 && <p className="quiet">{t('search.none', { q: text.trim() })}</p>}
          {hits.map((hit, i) => (
            <Result key={`${hit.kind}${hit.id}`} id={`${list}-${i}`} hit={hit} chosen={i === at} onChoose={choose} />
          ))}
        </div>
      )}
    </div>
  );
}

function Result(props: { id: string; hit: Hit; chosen: boolean; onChoose(hit: Hit): void }) {
  const { hit } = props;
  return (
    <div
      id={props.id}
      role="option"
      tabIndex={-1}
      aria-selected={props.chosen}
      className="search-result"
      onMouseDown={(event) => {
        event.preventDefault(); // keep the box from closing before the choice is made
        props.onChoose(hit);
      }}
    >
      <Icon name={ICONS[hit.kind]} size={16} />
      <span>{hit.title}</span>
      <small>{hit.note}</small>
    </div>
  );
}

function useSlash(input: React.RefObject<HTMLInputElement | null>): void {
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent): void => {
      const typing = event.target instanceof HTMLElement && event.target.matches('input, textarea, select');
      if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.current?.focus();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [input]);
}

let learned = false;

/** The live connection names only devices in view; the search covers all of them. */
function learnNames(model: ReturnType<typeof useModel>): void {
  if (learned) return;
  learned = true;
  api
    .devices()
    .then((devices) => {
      for (const device of devices) model.setName(device);
      model.namesVersion.set(model.namesVersion.get() + 1);
    })
    .catch(() => {
      learned = false; // tried again at the next focus
    });
}
