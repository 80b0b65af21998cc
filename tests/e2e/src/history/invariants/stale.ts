import type { Violation } from "../check-history.ts";
import type { JobHistory } from "../history.ts";

/** Each claim raises the fence: from the moment that anybody has a higher one, no write under a lower one takes effect. */
export function findStale(job: JobHistory): readonly Violation[] {
  const { jobId, claimed, started, settled, beaten } = job;
  const known = [...claimed, ...started];
  const writes = [
    ...settled.map((event) => ({ ...event, what: event.verb })),
    ...beaten.map((event) => ({ ...event, what: "heartbeat" })),
  ];
  const late = writes.flatMap(({ ok, fence, worker, fromMs, what }): Violation[] => {
    const newer = known.find((claim) => claim.fence > fence && claim.atMs < fromMs);
    if (ok !== true || newer === undefined) return [];
    const detail = `${what} by ${worker} under fence ${fence} took effect after ${newer.worker} had fence ${newer.fence}`;
    return [{ invariant: "stale", jobId, detail }];
  });
  return [...late, ...findStaleEnd(job)];
}

/** Who has completed a job, by its result, is who held it last. */
function findStaleEnd({ jobId, claimed, started, observed }: JobHistory): readonly Violation[] {
  const completed = observed.find(({ status }) => status === "completed");
  if (completed === undefined) return [];
  const { finishedBy } = completed;
  if (finishedBy === null) return [{ invariant: "stale", jobId, detail: "completed, and nobody says who by" }];
  const last = [...claimed, ...started].toSorted((a, b) => a.fence - b.fence).at(-1);
  if (last?.fence === finishedBy.fence && last.worker === finishedBy.worker) return [];
  const by = `${finishedBy.worker} under fence ${finishedBy.fence}`;
  const owner = last === undefined ? "nobody ever held it" : `${last.worker} held it last, under fence ${last.fence}`;
  return [{ invariant: "stale", jobId, detail: `completed by ${by}, and ${owner}` }];
}
