// Export of a file: the user states the purpose, which is written into the file.

import { useState } from 'react';
import { useSpeech } from '../i18n/index.ts';
import { Icon } from '../parts/icons.tsx';

const LONGEST = 200;

interface Props<F extends string> {
  forms: readonly F[];
  /** Make the file; errors are shown. */
  onSave(form: F, purpose: string): Promise<void>;
}

export function Exporting<F extends string>({ forms, onSave }: Props<F>) {
  const { t } = useSpeech();
  const [purpose, setPurpose] = useState('');
  const [failed, setFailed] = useState('');
  const save = (form: F): void => {
    setFailed('');
    onSave(form, purpose.trim()).catch((error: Error) => setFailed(error.message));
  };
  return (
    <details className="menu">
      <summary className="step">
        <Icon name="download" size={15} /> {t('export.title')}
      </summary>
      <div className="menu-body panel">
        <label>
          {t('export.purpose')}{' '}
          <input value={purpose} maxLength={LONGEST} onChange={(event) => setPurpose(event.target.value)} />
        </label>
        <p className="quiet">{t('export.carried')}</p>
        <div className="segmented" role="group" aria-label={t('export.title')}>
          {forms.map((form) => (
            <button key={form} type="button" disabled={purpose.trim() === ''} onClick={() => save(form)}>
              {form.toUpperCase()}
            </button>
          ))}
        </div>
        {failed && (
          <p className="failed" role="alert">
            {t('panel.failed', { detail: failed })}
          </p>
        )}
      </div>
    </details>
  );
}

/** Give the browser a file; without a name it has the server's. */
export function download(address: string, name = ''): void {
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
}
