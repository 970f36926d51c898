// The page: a screen with the map, the bar above it, and the settings over both.

import { lazy, Suspense, useMemo } from 'react';
import { type City, CityContext } from './data/city.ts';
import { LiveScreen } from './screens/live.tsx';
import { SpeechContext, translator, useSpeech } from './i18n/index.ts';
import type { Connection } from './live/connection.ts';
import { type FetchedCity, useFetchedCity } from './data/fetched.ts';
import { useSignal } from './parts/hooks.ts';
import { Waiting } from './parts/parts.tsx';
import { toLive, useScreen } from './screens/screen.ts';
import { useAppearance } from './parts/appearance.ts';
import { user as signedIn } from './data/user.ts';

/** Code that most viewers need late or never is fetched when it is needed. */
const ReplayScreen = lazy(async () => ({ default: (await import('./replay/screen.tsx')).ReplayScreen }));
const Settings = lazy(async () => ({ default: (await import('./settings/settings.tsx')).Settings }));

export function App({ connection, city }: { connection: Connection; city: Promise<City> }) {
  const appearance = useAppearance();
  const { language } = appearance;
  const speech = useMemo(() => ({ language, t: translator(language) }), [language]);
  const fetched = useFetchedCity(city);
  const user = useSignal(signedIn);
  const screen = useScreen();
  const shown = { connection, appearance, fetched, user, screen };
  return (
    <SpeechContext value={speech}>
      <CityContext value={fetched.city}>
        <SkipLink />
        {screen.page.kind === 'replay' ? (
          <Suspense fallback={<Waiting />}>
            <ReplayScreen {...shown} page={screen.page} />
          </Suspense>
        ) : (
          <LiveScreen {...shown} />
        )}
        {screen.page.kind === 'settings' && (
          <Suspense fallback={<Waiting />}>
            <Settings
              tab={screen.page.tab}
              user={user}
              onTab={(tab) => screen.go({ kind: 'settings', tab })}
              onClose={toLive(screen)}
            />
          </Suspense>
        )}
        <CityNote fetched={fetched} />
      </CityContext>
    </SpeechContext>
  );
}

function SkipLink() {
  const { t } = useSpeech();
  return (
    <button type="button" className="skip-link" onClick={() => document.getElementById('alerts')?.focus()}>
      {t('app.skip')}
    </button>
  );
}

/** Why there is nothing on the map. */
function CityNote({ fetched }: { fetched: FetchedCity }) {
  const { t } = useSpeech();
  const { city, error, ready } = fetched;
  if (!ready || (!error && city.cells.features.length > 0)) return null;
  return (
    <p className="city-note panel" role="alert">
      {error ? t('panel.failed', { detail: error.message }) : t('app.noCells')}
    </p>
  );
}
