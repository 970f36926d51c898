// How large officers are drawn and where: the arithmetic behind their layer. Pure.

/** Diameter of a point, CSS px, by zoom: small dots over the city, arrows in a street. */
export function pointSize(zoom: number): number {
  const steps: [number, number][] = [
    [9, 5],
    [12, 8],
    [14, 15],
    [16, 22],
    [19, 30],
  ];
  const above = steps.findIndex(([z]) => z >= zoom);
  if (above === 0) return steps[0][1];
  if (above < 0) return steps[steps.length - 1][1];
  const [[z0, s0], [z1, s1]] = [steps[above - 1], steps[above]];
  return s0 + ((s1 - s0) * (zoom - z0)) / (z1 - z0);
}

/** column-major m · translate(x, y) · scale(s, s), in 64 bits so that 32 suffice on the card */
export function placed(m: ArrayLike<number>, x: number, y: number, sx: number, sy: number): number[] {
  const out = Array.from(m);
  for (let row = 0; row < 4; row += 1) {
    out[12 + row] = m[row] * x + m[4 + row] * y + m[12 + row];
    out[row] = m[row] * sx;
    out[4 + row] = m[4 + row] * sy;
  }
  return out;
}
