const firstMs = 100;
const capMs = 5_000;

/** How long to wait after failure number `failures` (1-based): exponential, drawn from its upper half, so that a fleet spreads out. */
export function backoffMs(failures: number): number {
  return jitter(Math.min(firstMs * 2 ** Math.min(failures - 1, 16), capMs) * 0.75, 1 / 3);
}

/** `ms` give or take `share` of it. */
export function jitter(ms: number, share = 0.25): number {
  return ms * (1 - share + 2 * share * Math.random());
}
