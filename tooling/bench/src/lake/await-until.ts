import { setTimeout as delay } from "node:timers/promises";

const patienceMs = 180_000;
const lookMs = 20;

/** Looks until it is so. @throws Error when it takes longer than three minutes */
export async function awaitUntil(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + patienceMs;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`${what} took longer than ${patienceMs / 1_000} s`);
    await delay(lookMs);
  }
}
