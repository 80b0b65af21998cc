import type { Violation } from "../check-history.ts";
import type { JobHistory } from "../history.ts";

/** A job ends as it has to, where that is known. */
export function findMisled({ jobId, acknowledged, observed }: JobHistory): readonly Violation[] {
  const wanted = acknowledged.find(({ ends }) => ends !== undefined)?.ends;
  const status = observed.find((job) => job.status !== "pending" && job.status !== "running")?.status;
  if (wanted === undefined || status === undefined || status === wanted) return [];
  return [{ invariant: "misled", jobId, detail: `${status} where it had to be ${wanted}` }];
}
