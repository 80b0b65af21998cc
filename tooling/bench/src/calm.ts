import { availableParallelism } from "node:os";
import { setTimeout as delay } from "node:timers/promises";

import { canReadCpu, machineCpuMicros } from "./cpu-time.ts";

const windowMs = 300;
const quietShare = 0.15;

/** Waits until the machine has hardly anything else to do, but no longer than `patienceMs`. */
export async function waitForCalm(patienceMs: number): Promise<void> {
  const endMs = performance.now() + patienceMs;
  while (canReadCpu && performance.now() < endMs) {
    const before = machineCpuMicros();
    await delay(windowMs);
    const share = (machineCpuMicros() - before) / (windowMs * 1_000 * availableParallelism());
    if (share < quietShare) return;
  }
}
