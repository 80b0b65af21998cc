import type { Executor, Statement } from "../executor.ts";
import { scheduleColumns } from "./columns.ts";
import type { Schedule, ScheduleFilter, SchedulePage } from "./schedule-store.ts";

/** A keyset walk up (tenant, name): a schedule that is there throughout is seen exactly once, whatever is made meanwhile. */
const listStatement: Statement = {
  name: "schedules.list",
  text: `
select ${scheduleColumns} from millrace.schedules
where tenant_id = $1::text and ($2::text is null or name > $2::text) and ($3::text[] is null or queue = any($3::text[]))
order by name limit $4::integer`,
};

/** A page of the tenant's schedules, by name. */
export async function listSchedules(db: Executor, filter: ScheduleFilter): Promise<SchedulePage> {
  const { tenantId, afterName, queues, limit } = filter;
  const rows = await db.query<Schedule>(listStatement, [tenantId, afterName ?? null, queues ?? null, limit + 1]);
  const schedules = rows.slice(0, limit);
  return { schedules, nextAfterName: rows.length > limit ? (schedules.at(-1)?.name ?? null) : null };
}
