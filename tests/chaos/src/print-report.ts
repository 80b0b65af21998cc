import type { ChaosReport } from "./run-chaos.ts";

/** A report in words: one line for a sound run, else all that is needed to run it again and to see what broke. */
export function printReport({ seed, faults, acknowledged, ended, refused, violations }: ChaosReport): string {
  const summary = `seed ${seed}: ${faults.length} faults, ${acknowledged} jobs acknowledged, ${ended} at their end, ${refused} stale writes refused`;
  if (violations.length === 0) return `${summary}, nothing broken`;
  return [
    `${summary}, ${violations.length} violations`,
    ...violations.map(({ invariant, jobId, detail }) => `  ${invariant}: job ${jobId}: ${detail}`),
    "faults:",
    ...faults.map(({ atMs, fault }) => `  ${(atMs / 1_000).toFixed(1)} s  ${JSON.stringify(fault)}`),
    `run it again: pnpm chaos --seed ${seed}`,
  ].join("\n");
}
