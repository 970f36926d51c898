// The form that adds a record to a table, and its fields.

import { type SubmitEvent, useId, useState } from 'react';
import { useSpeech } from '../i18n/index.ts';
import type { Field, Resource } from './table.tsx';

export function AddForm({ of, onAdd }: { of: Resource; onAdd(body: unknown): Promise<void> }) {
  const { t } = useSpeech();
  const fields = of.fields ?? [];
  const empty = Object.fromEntries(fields.map(({ field, start }) => [field, start ?? '']));
  const [values, setValues] = useState<Record<string, string>>(empty);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    void onAdd(of.body?.(values) ?? filled(values)).then(() => setValues(empty));
  };
  return (
    <form className="add-form" onSubmit={submit}>
      {fields.map((field) => (
        <label key={field.field}>
          {t(field.name)}
          <Input
            field={field}
            value={values[field.field]}
            onChange={(value) => setValues({ ...values, [field.field]: value })}
          />
        </label>
      ))}
      <button type="submit" className="step primary">
        {t('settings.add')}
      </button>
    </form>
  );
}

/** Values of the fields; empty ones are left out. */
export const filled = (values: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value.trim() !== ''));

interface InputProps {
  field: Field;
  value: string;
  onChange(value: string): void;
}

export function Input({ field, value, onChange }: InputProps) {
  if (field.kind === 'choice') {
    return (
      <select value={value} required={field.required} onChange={(event) => onChange(event.target.value)}>
        {!field.required && <option value="">—</option>}
        {field.choices?.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.name}
          </option>
        ))}
      </select>
    );
  }
  if (field.kind === 'check') {
    return (
      <input
        type="checkbox"
        checked={value === 'yes'}
        onChange={(event) => onChange(event.target.checked ? 'yes' : '')}
      />
    );
  }
  return <TypedInput field={field} value={value} onChange={onChange} />;
}

const TYPES = { text: 'text', number: 'number', moment: 'datetime-local', password: 'password' } as const;

function TypedInput({ field, value, onChange }: InputProps) {
  const list = useId();
  const { kind, choices } = field;
  if (kind === 'choice' || kind === 'check') return null;
  return (
    <>
      <input
        type={TYPES[kind]}
        list={choices && list}
        step="any"
        required={field.required}
        autoComplete={field.kind === 'password' ? 'new-password' : 'off'}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
      {choices && (
        <datalist id={list}>
          {choices.map((choice) => (
            <option key={choice.value} value={choice.value}>
              {choice.name}
            </option>
          ))}
        </datalist>
      )}
    </>
  );
}
