// What operators change. Loaded apart from the map.

import type { ReactNode } from 'react';
import type { Session } from '../api.ts';
import { useCity } from '../city.ts';
import { useModel, useSignal } from '../hooks.ts';
import { useSpeech } from '../i18n/index.ts';
import type { Key } from '../i18n/zh.ts';
import { IconButton } from '../panels/parts.tsx';
import * as access from './access.tsx';
import { GridImportPage } from './gridimport.tsx';
import { PlansPage } from './plans.tsx';
import * as resources from './resources.tsx';
import { Table } from './table.tsx';

interface Props {
  tab: string;
  user: Session | null;
  onTab(tab: string): void;
  onClose(): void;
}

interface Tab {
  tab: string;
  /** Roles that are shown it; the server decides all the same. */
  roles: readonly string[];
  show(setting: resources.Setting): ReactNode;
}

const RULES = ['administrator', 'commander'];
const PEOPLE = [...RULES, 'supervisor'];
const TABS: readonly Tab[] = [
  { tab: 'plans', roles: RULES, show: () => <PlansPage /> },
  { tab: 'grids', roles: RULES, show: () => <GridImportPage /> },
  { tab: 'devices', roles: ['administrator'], show: (s) => <Table of={resources.devices(s)} /> },
  { tab: 'duties', roles: PEOPLE, show: (s) => <Table of={resources.duties(s)} /> },
  { tab: 'accounts', roles: ['administrator'], show: (s) => <Table of={access.accounts(s)} /> },
  { tab: 'tokens', roles: ['administrator'], show: (s) => <Table of={access.tokens(s)} /> },
  { tab: 'audit', roles: ['administrator', 'auditor'], show: (s) => <Table of={access.audit(s)} /> },
  { tab: 'refusals', roles: ['administrator'], show: (s) => <Table of={resources.refusals(s)} /> },
];

export function Settings({ tab, user, onTab, onClose }: Props) {
  const { t, language } = useSpeech();
  const city = useCity();
  const zone = useSignal(useModel().timeZone);
  const tabs = TABS.filter(({ roles }) => user !== null && roles.includes(user.role));
  const shown = tabs.find((one) => one.tab === tab) ?? tabs[0];
  return (
    <section className="settings panel" role="dialog" aria-label={t('settings.title')}>
      <header className="card-head">
        <div>
          <h2>{t('settings.title')}</h2>
        </div>
        <IconButton icon="close" label={t('panel.close')} onClick={onClose} />
      </header>
      <div className="settings-body">
        <nav aria-label={t('settings.title')}>
          {tabs.map((one) => (
            <button
              key={one.tab}
              type="button"
              aria-current={one === shown ? 'page' : undefined}
              onClick={() => onTab(one.tab)}
            >
              {t(`settings.tab.${one.tab}` as Key)}
            </button>
          ))}
        </nav>
        <div className="settings-page" key={shown?.tab}>
          {shown && <h3>{t(`settings.tab.${shown.tab}` as Key)}</h3>}
          {shown ? shown.show({ t, language, zone, city }) : <p className="quiet">{t('settings.nothing')}</p>}
        </div>
      </div>
    </section>
  );
}
