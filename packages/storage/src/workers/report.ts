import type { Executor, Statement } from "../executor.ts";
import type { WorkerReport } from "../jobs/job-store.ts";

/** In key order, so that two processes that report the same workers can't deadlock; the later report stays. */
const reportStatement: Statement = {
  name: "workers.report",
  text: `
insert into millrace.workers as w (tenant_id, name, queues, types)
select t.tenant_id, t.name, t.queues::text[], t.types::text[]
from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as t(tenant_id, name, queues, types)
order by t.tenant_id, t.name
on conflict (tenant_id, name) do update set queues = excluded.queues, types = excluded.types, seen_at = now()`,
};

/** Writes down that these workers, one of a name each, are there. */
export async function reportWorkers(db: Executor, workers: readonly WorkerReport[]): Promise<void> {
  if (workers.length === 0) return;
  await db.query(reportStatement, [
    workers.map(({ tenantId }) => tenantId ?? ""),
    workers.map(({ name }) => name),
    workers.map(({ queues }) => arrayText(queues)),
    workers.map(({ types }) => arrayText(types)),
  ]);
}

/** Names of queues and types have neither quotes nor backslashes. */
function arrayText(names: readonly string[] | undefined): string | null {
  return names === undefined ? null : `{${names.map((name) => `"${name}"`).join(",")}}`;
}
