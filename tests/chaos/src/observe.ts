import { setTimeout as delay } from "node:timers/promises";

import { type MillraceClient, createClient } from "@millrace/client";
import type { Observed, Violation } from "@millrace/e2e/history";

const pauseMs = 250;
/** After this long without any job coming to its end, those that are left are stuck. */
const stuckMs = 45_000;

/** Waits until no job is open, or none has ended for a while: what is left then is for the check to tell. */
export async function waitUntilDrained(baseUrl: string): Promise<void> {
  const client = connect(baseUrl);
  let fewest = Number.POSITIVE_INFINITY;
  let untilMs = performance.now() + stuckMs;
  while (performance.now() < untilMs) {
    const open = await countOpen(client);
    if (open === 0) return;
    if (open < fewest) untilMs = performance.now() + stuckMs;
    fewest = Math.min(fewest, open);
    await delay(pauseMs);
  }
}

/** All jobs as they stand, and what the counts of the queues say otherwise: a job that ended twice would count twice. */
export async function observe(
  baseUrl: string,
): Promise<{ readonly jobs: readonly Observed[]; readonly violations: readonly Violation[] }> {
  const client = connect(baseUrl);
  const jobs: (Observed & { readonly queue: string })[] = [];
  for await (const { id, queue, status, attempts, result } of client.jobs.all({ limit: 500 })) {
    const finishedBy = status === "completed" ? (result as Observed["finishedBy"]) : null;
    jobs.push({ kind: "observed", jobId: id, queue, status, attempts, finishedBy });
  }
  const violations = (await client.queues.list()).flatMap(({ name, counts }) =>
    Object.entries(counts).flatMap(([status, count]): Violation[] => {
      const listed = jobs.filter((job) => job.queue === name && job.status === status).length;
      if (listed === count) return [];
      const detail = `queue ${name} counts ${count} ${status} jobs and lists ${listed}`;
      return [{ invariant: "ended twice", jobId: "", detail }];
    }),
  );
  return { jobs, violations };
}

function connect(baseUrl: string): MillraceClient {
  return createClient({ baseUrl, apiKey: "alpha-key", timeoutMs: 30_000 });
}

async function countOpen(client: MillraceClient): Promise<number> {
  const queues = await client.queues.list();
  return queues.reduce((sum, { counts }) => sum + counts.pending + counts.running, 0);
}
