// How large officers are drawn and where: the arithmetic behind their canvas. Pure.

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

/**
 * How a place in the units of the fleet, relative to its origin, becomes one in clip space: place · scale + offset.
 * `origin`, px from the upper left corner; `unit`, px of one unit; both of the canvas.
 */
export function placement(
  origin: readonly [x: number, y: number],
  unit: number,
  width: number,
  height: number,
): { scale: [number, number]; offset: [number, number] } {
  return {
    scale: [(2 * unit) / width, (-2 * unit) / height],
    offset: [(2 * origin[0]) / width - 1, 1 - (2 * origin[1]) / height],
  };
}
