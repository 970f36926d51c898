// Icons as inline paths on 24 × 24. They are decoration: the texts beside them carry the meaning.

import { FRESHNESS } from '../live/protocol.ts';

const PATHS = {
  search: 'M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.3 15.3L20 20',
  close: 'M6 6l12 12M18 6L6 18',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  home: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M18.7 5.3l-1.4 1.4M6.7 17.3l-1.4 1.4',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z',
  signOut: 'M14 4H6v16h8M10.5 12H21M17.5 8.5L21 12l-3.5 3.5',
  bell: 'M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5h4',
  chevron: 'M9 5l7 7-7 7',
  officer: 'M12 4a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM5 20c0-4 3-6.5 7-6.5s7 2.5 7 6.5',
  cell: 'M4 8l8-4 8 4v8l-8 4-8-4z',
  pin: 'M12 21s-6.5-6-6.5-11a6.5 6.5 0 0 1 13 0c0 5-6.5 11-6.5 11zM12 7.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z',
  follow: 'M12 3v4M12 17v4M3 12h4M17 12h4M12 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z',
  flag: 'M6 4.5v16M6 5.5h11l-2.5 3.5L17 12.5H6',
  area: 'M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z',
  soundOn: 'M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11',
  soundOff: 'M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM16 9.5l5 5M21 9.5l-5 5',
  play: 'M8 5.5v13l10.5-6.5z',
  pause: 'M8.5 5.5v13M15.5 5.5v13',
  back: 'M17 6l-8 6 8 6zM7 6v12',
  next: 'M7 6l8 6-8 6zM17 6v12',
  replay: 'M4.5 12a7.5 7.5 0 1 0 2.4-5.5M4.5 4.5v4h4M12 8v4.5l3 1.8',
  draw: 'M5 18L4 9.5 12 4l8 5-2.5 9.5z',
  settings:
    'M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM19 12l2-1-1.5-3.5-2.1.6-1.5-1.5.6-2.1L13 3h-2l-1 2.1L8 5.4 5.9 4.6 3.6 7l1 2-1.4 1.6V13l2 1 .6 1.6-.6 2.2 2.3 2.2 2.1-.7L11 21h2l1-2 1.6-.6 2.2.6 2.1-2.3-.6-2.1z',
  figures: 'M5 20V11M12 20V4M19 20v-6M3 20h18',
  download: 'M12 4v11M7.5 10.5L12 15l4.5-4.5M5 19.5h14',
  trash: 'M6 8h12l-1 12H7zM4.5 8h15M9.5 8V5h5v3',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  layers: 'M12 4l9 5-9 5-9-5zM4.5 13L12 17l7.5-4',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return <PathIcon path={PATHS[name]} size={size} />;
}

export function PathIcon({ path, size = 18, width = 1.8 }: { path: string; size?: number; width?: number }) {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path
        d={path}
        fill="none"
        stroke="currentColor"
        strokeWidth={width}
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}

export function Logo() {
  return (
    <svg className="logo" width="26" height="26" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" className="logo-ground" />
      <path d="M8 6.5h6.2v6.2H8zM17.8 6.5H24v6.2h-6.2zM8 16.3h6.2v6.2H8z" fill="#fff" opacity=".6" />
      <path
        d="M20.9 15.2a5.1 5.1 0 0 0-5.1 5.1c0 3.6 5.1 7.2 5.1 7.2s5.1-3.6 5.1-7.2a5.1 5.1 0 0 0-5.1-5.1zm0 7a1.9 1.9 0 1 1 0-3.8 1.9 1.9 0 0 1 0 3.8z"
        fill="#fff"
      />
    </svg>
  );
}

/** Glyph of an officer by freshness, the same shapes as on the map. */
export function OfficerGlyph({ freshness, size = 14 }: { freshness: number; size?: number }) {
  const shapes = [
    <path key="0" d="M12 2.5L19.5 20.5 12 16.5 4.5 20.5z" fill="currentColor" />,
    <circle key="1" cx="12" cy="12" r="7" fill="currentColor" />,
    <circle key="2" cx="12" cy="12" r="6.5" fill="none" stroke="currentColor" strokeWidth="3.5" />,
    <path key="3" d="M6 6l12 12M18 6L6 18" stroke="currentColor" strokeWidth="4" strokeLinecap="round" />,
  ];
  return (
    <svg
      className={`glyph glyph-${FRESHNESS[freshness]}`}
      width={size}
      height={size}
      viewBox="0 0 24 24"
      aria-hidden="true"
      focusable="false"
    >
      {shapes[freshness]}
    </svg>
  );
}
