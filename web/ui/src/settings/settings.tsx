// The settings, loaded separately from the map.

import type { ReactNode } from 'react';
import type { Session } from '../data/api.ts';
import { useCity } from '../data/city.ts';
import { useModel, useSignal } from '../parts/hooks.ts';
import { useSpeech } from '../i18n/index.ts';
import type { Key } from '../i18n/zh.ts';
import { IconButton } from '../parts/parts.tsx';
import * as access from './access.tsx';
import { AuditPage } from './audit.tsx';
import { ChannelsPage } from './channels.tsx';
import { ImportPage } from './importing.tsx';
import * as imports from './imports.ts';
import { PasswordPage } from './password.tsx';
import { DevicesPage, OfficersPage } from './people.tsx';
import { ShiftsPage } from './shifts.tsx';
import { PlansPage } from './plans.tsx';
import { RulesPage } from './rules.tsx';
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
  /** Roles that see the page; the server checks permissions itself. */
  roles: readonly string[];
  show(setting: resources.Setting): ReactNode;
}

const RULES = ['administrator', 'commander'];
const PEOPLE = [...RULES, 'supervisor'];
const ADMIN = ['administrator'];
const GROUPS: readonly { name: Key; tabs: readonly Tab[] }[] = [
  {
    name: 'settings.group.patrol',
    tabs: [
      { tab: 'plans', roles: RULES, show: () => <PlansPage /> },
      { tab: 'rules', roles: RULES, show: () => <RulesPage /> },
      { tab: 'grids', roles: RULES, show: () => <ImportPage of={imports.GRID} /> },
      { tab: 'roads', roles: RULES, show: () => <ImportPage of={imports.ROADS} /> },
      { tab: 'checkpoints', roles: RULES, show: () => <ImportPage of={imports.CHECKPOINTS} /> },
    ],
  },
  {
    name: 'settings.group.people',
    tabs: [
      { tab: 'devices', roles: ADMIN, show: (s) => <DevicesPage setting={s} /> },
      { tab: 'officers', roles: PEOPLE, show: (s) => <OfficersPage setting={s} /> },
      { tab: 'shifts', roles: PEOPLE, show: (s) => <ShiftsPage setting={s} /> },
      { tab: 'duties', roles: PEOPLE, show: (s) => <Table of={resources.duties(s)} /> },
      { tab: 'channels', roles: [...PEOPLE, 'analyst'], show: (s) => <ChannelsPage setting={s} /> },
    ],
  },
  {
    name: 'settings.group.access',
    tabs: [
      { tab: 'accounts', roles: ADMIN, show: (s) => <Table of={access.accounts(s)} /> },
      { tab: 'tokens', roles: ADMIN, show: (s) => <Table of={access.tokens(s)} /> },
      { tab: 'audit', roles: [...ADMIN, 'auditor'], show: (s) => <AuditPage setting={s} /> },
      { tab: 'refusals', roles: ADMIN, show: (s) => <Table of={resources.refusals(s)} /> },
      { tab: 'password', roles: [...PEOPLE, 'analyst', 'auditor'], show: (s) => <PasswordPage user={s.user} /> },
    ],
  },
];

/** As a ref: on a narrow window the pages stand in one row that scrolls. */
const inView = (button: HTMLElement | null): void => button?.scrollIntoView({ block: 'nearest', inline: 'center' });

export function Settings({ tab, user, onTab, onClose }: Props) {
  const { t, language } = useSpeech();
  const city = useCity();
  const zone = useSignal(useModel().timeZone);
  const role = user?.role ?? '';
  const groups = GROUPS.map(({ name, tabs }) => ({ name, tabs: tabs.filter(({ roles }) => roles.includes(role)) }));
  const tabs = groups.flatMap((group) => group.tabs);
  const shown = tabs.find((one) => one.tab === tab) ?? tabs[0];
  return (
    <section className="settings panel" role="dialog" aria-label={t('settings.title')}>
      <div className="card-head">
        <div>
          <h2>{t('settings.title')}</h2>
        </div>
        <IconButton icon="close" label={t('panel.close')} onClick={onClose} />
      </div>
      <div className="settings-body">
        <nav aria-label={t('settings.title')}>
          {groups.map(
            (group) =>
              group.tabs.length > 0 && (
                <div key={group.name} role="group" aria-label={t(group.name)}>
                  <p aria-hidden="true">{t(group.name)}</p>
                  {group.tabs.map((one) => (
                    <button
                      key={one.tab}
                      ref={one === shown ? inView : undefined}
                      type="button"
                      aria-current={one === shown ? 'page' : undefined}
                      onClick={() => onTab(one.tab)}
                    >
                      {t(`settings.tab.${one.tab}` as Key)}
                    </button>
                  ))}
                </div>
              ),
          )}
        </nav>
        <div className="settings-page" key={shown?.tab} data-tab={shown?.tab}>
          {shown && <h3>{t(`settings.tab.${shown.tab}` as Key)}</h3>}
          {shown ? (
            shown.show({ t, language, zone, city, role, user: user?.name ?? '' })
          ) : (
            <p className="quiet">{t(user ? 'settings.nothing' : 'panel.loading')}</p>
          )}
        </div>
      </div>
    </section>
  );
}
