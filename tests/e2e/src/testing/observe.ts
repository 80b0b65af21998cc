import type { JobJson, MillraceClient } from "@millrace/client";

import type { Observed } from "../history/event.ts";

/** All of a tenant's jobs as they stand, as events of a history. */
export async function observe(client: MillraceClient): Promise<readonly Observed[]> {
  const observed: Observed[] = [];
  for await (const job of client.jobs.all({ limit: 500 })) observed.push(observedOf(job));
  return observed;
}

function observedOf({ id, status, attempts, result }: JobJson): Observed {
  return { kind: "observed", jobId: id, status, attempts, finishedBy: result as Observed["finishedBy"] };
}

/** How many of a tenant's jobs have not ended, by the counts of its queues. */
export async function countOpen(client: MillraceClient): Promise<number> {
  const queues = await client.queues.list();
  return queues.reduce((sum, { counts }) => sum + counts.pending + counts.running, 0);
}

/** The job once it is finished, however long that takes. */
export function finished(client: MillraceClient, id: string): Promise<JobJson> {
  return client.jobs.wait(id, { timeoutMs: 120_000 });
}
