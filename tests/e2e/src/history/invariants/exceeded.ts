import type { Violation } from "../check-history.ts";
import type { JobHistory } from "../history.ts";

/** No attempt beyond the last one that a job may have. */
export function findExceeded({ jobId, acknowledged, claimed, started, observed }: JobHistory): readonly Violation[] {
  const max = acknowledged.find(({ maxAttempts }) => maxAttempts !== undefined)?.maxAttempts;
  if (max === undefined) return [];
  const most = Math.max(
    0,
    ...[...claimed, ...started].map(({ attempt }) => attempt),
    ...observed.map(({ attempts }) => attempts),
  );
  return most > max ? [{ invariant: "exceeded", jobId, detail: `attempt ${most} of at most ${max}` }] : [];
}
