// One's own password.

import { type FormEvent, useState } from 'react';
import * as api from '../data/api.ts';
import { useSpeech } from '../i18n/index.ts';

const LEAST = 10;
const MOST = 1024;
const EMPTY = { current: '', next: '', again: '' };

export function PasswordPage({ user }: { user: string }) {
  const { t } = useSpeech();
  const [given, setGiven] = useState(EMPTY);
  const [failed, setFailed] = useState('');
  const [done, setDone] = useState(false);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setDone(false);
    if (given.next !== given.again) {
      setFailed(t('password.differ'));
      return;
    }
    setFailed('');
    api.changePassword(given.current, given.next).then(
      () => {
        setGiven(EMPTY);
        setDone(true);
      },
      (error: Error) => setFailed(t('panel.failed', { detail: error.message })),
    );
  };
  const field = (name: keyof typeof EMPTY, complete: string, least: number) => (
    <label>
      {t(`password.${name}`)}
      <input
        type="password"
        required
        minLength={least}
        maxLength={MOST}
        autoComplete={complete}
        value={given[name]}
        onChange={(event) => setGiven({ ...given, [name]: event.target.value })}
      />
    </label>
  );
  return (
    <>
      <p className="quiet">{t('password.help')}</p>
      <form className="add-form" onSubmit={submit}>
        <input type="text" className="hidden" autoComplete="username" value={user} readOnly tabIndex={-1} aria-hidden />
        {field('current', 'current-password', 1)}
        {field('next', 'new-password', LEAST)}
        {field('again', 'new-password', LEAST)}
        <button type="submit" className="step primary">
          {t('password.change')}
        </button>
      </form>
      {failed && (
        <p className="failed" role="alert">
          {failed}
        </p>
      )}
      {done && <p role="status">{t('password.done')}</p>}
    </>
  );
}
