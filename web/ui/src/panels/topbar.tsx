// The bar at the top: product, freshness of the data, counts, search, and the viewer's own settings.

import type { ReactNode } from 'react';
import * as api from '../data/api.ts';
import type { Session } from '../data/api.ts';
import { clock } from '../words/format.ts';
import { useModel, useServerNow, useSignal } from '../parts/hooks.ts';
import { LOCALE, useSpeech } from '../i18n/index.ts';
import { Icon, Logo, OfficerGlyph } from '../parts/icons.tsx';
import { FRESHNESS, shownKinds } from '../live/protocol.ts';
import type { Appearance } from '../parts/appearance.ts';
import type { Screen } from '../screens/screen.ts';
import { LIVE } from '../screens/url.ts';
import { LinkSign } from './link.tsx';
import { IconButton } from '../parts/parts.tsx';

interface Props {
  appearance: Appearance;
  synthetic: boolean;
  user: Session | null;
  screen: Screen;
  /** Absent where there is no list of alerts. */
  alertsOpen?: boolean;
  children: ReactNode;
  onAlerts?(): void;
}

export function TopBar(props: Props) {
  const { t } = useSpeech();
  return (
    <header className="topbar panel">
      <div className="brand">
        <Logo />
        <h1>
          {t('app.name')} <small>{t('app.tagline')}</small>
        </h1>
        {props.synthetic && (
          <span className="synthetic-badge" title={t('synthetic.long')}>
            {t('synthetic.badge')}
          </span>
        )}
      </div>
      {props.onAlerts ? <LinkSign /> : <span className="replay-sign">{t('nav.replay')}</span>}
      {props.onAlerts && <Chips alertsOpen={props.alertsOpen ?? false} onAlerts={props.onAlerts} />}
      <Nav screen={props.screen} />
      {props.children}
      {props.onAlerts && <CityClock />}
      <div className="topbar-tools">
        <button
          type="button"
          className="icon-button"
          onClick={props.appearance.toggleLanguage}
          title={t('language.switch')}
        >
          <span className="language">{t('language.short')}</span>
          <span className="hidden">{t('language.switch')}</span>
        </button>
        <IconButton
          icon={props.appearance.theme === 'dark' ? 'sun' : 'moon'}
          label={t(props.appearance.theme === 'dark' ? 'theme.toLight' : 'theme.toDark')}
          onClick={props.appearance.toggleTheme}
        />
        <button
          type="button"
          className="icon-button"
          aria-label={t('session.signOut')}
          title={
            props.user
              ? `${t('session.who', { name: props.user.name })} · ${t('session.signOut')}`
              : t('session.signOut')
          }
          onClick={() => void api.leave()}
        >
          <Icon name="signOut" />
        </button>
      </div>
    </header>
  );
}

/** The pages, with an icon each; their names show where there is room. */
function Nav({ screen }: { screen: Screen }) {
  const { t } = useSpeech();
  const pages = [
    { kind: 'live', icon: 'layers', page: LIVE },
    { kind: 'replay', icon: 'replay', page: { kind: 'replay', span: null, at: null, then: false, only: [] } },
    { kind: 'area', icon: 'draw', page: { kind: 'area', ring: [], span: null } },
    {
      kind: 'figures',
      icon: 'figures',
      page: { kind: 'figures', level: 'grid', span: null, sort: '', find: '' },
    },
    { kind: 'settings', icon: 'settings', page: { kind: 'settings', tab: '' } },
  ] as const;
  return (
    <nav className="nav" aria-label={t('nav.label')}>
      {pages.map(({ kind, icon, page }) => (
        <button
          key={kind}
          type="button"
          aria-current={screen.page.kind === kind ? 'page' : undefined}
          aria-label={t(`nav.${kind}`)}
          title={t(`nav.${kind}`)}
          onClick={() => screen.go(page)}
        >
          <Icon name={icon} size={17} />
          <span aria-hidden="true">{t(`nav.${kind}`)}</span>
        </button>
      ))}
    </nav>
  );
}

function Chips({ alertsOpen, onAlerts }: { alertsOpen: boolean; onAlerts(): void }) {
  const { t } = useSpeech();
  const model = useModel();
  const counts = useSignal(model.counts);
  const alerts = useSignal(model.alerts);
  return (
    <div className="chips">
      <ul className="chip officers-chip" aria-label={t('officers.title')}>
        {shownKinds(counts).map((kind) => (
          <li key={kind} title={t(`officers.${kind}`)}>
            <OfficerGlyph freshness={FRESHNESS.indexOf(kind)} size={12} />
            <span className="hidden">{t(`officers.${kind}`)} </span>
            <span className="number">{counts?.[kind] ?? 0}</span>
          </li>
        ))}
      </ul>
      <button
        type="button"
        className={alerts.length > 0 ? `chip alert-chip level-${alerts[0].level}` : 'chip alert-chip'}
        aria-expanded={alertsOpen}
        aria-controls="alerts"
        title={t(alertsOpen ? 'alerts.close' : 'alerts.open')}
        onClick={onAlerts}
      >
        <Icon name="bell" size={15} />
        <span className="hidden">{t(alertsOpen ? 'alerts.close' : 'alerts.open')} </span>
        <span className="number">{alerts.length}</span>
      </button>
    </div>
  );
}

function CityClock() {
  const { language } = useSpeech();
  const zone = useSignal(useModel().timeZone);
  const now = useServerNow();
  return (
    <time className="city-clock" dateTime={new Date(now).toISOString()} title={zone}>
      {clock(now, zone, LOCALE[language])}
    </time>
  );
}
