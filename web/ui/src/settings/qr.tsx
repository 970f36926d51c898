// A QR code drawn from its rows of modules, so that no picture and no library is fetched for it.

/** Modules of quiet zone that readers need around the code. */
const QUIET = 4;

interface Props {
  /** One text for each row, 1 dark and 0 light. */
  rows: readonly string[];
  label: string;
}

export function QrCode({ rows, label }: Props) {
  const side = rows.length + 2 * QUIET;
  const path = rows
    .flatMap((row, y) => [...row].map((module, x) => (module === '1' ? `M${x + QUIET} ${y + QUIET}h1v1h-1z` : '')))
    .join('');
  return (
    <svg className="qr" viewBox={`0 0 ${side} ${side}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <rect width={side} height={side} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
