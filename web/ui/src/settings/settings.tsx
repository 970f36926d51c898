// What operators change. Loaded apart from the map.

import { useSpeech } from '../i18n/index.ts';
import { IconButton } from '../panels/parts.tsx';
import type { Session } from '../api.ts';

interface Props {
  tab: string;
  user: Session | null;
  onTab(tab: string): void;
  onClose(): void;
}

export function Settings({ onClose }: Props) {
  const { t } = useSpeech();
  return (
    <section className="settings panel" role="dialog" aria-label={t('settings.title')}>
      <IconButton icon="close" label={t('panel.close')} onClick={onClose} />
    </section>
  );
}
