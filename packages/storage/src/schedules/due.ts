import { MillraceError } from "@millrace/contract";

import type { Executor, Statement } from "../executor.ts";
import type { DueSchedule, DueSchedules } from "./schedule-store.ts";

/**
 * Reads without a lock, so that a scheduler that is frozen after it stands in nobody's way: whether it still may fire what it has read, the
 * statement that fires decides.
 */
export const dueStatement: Statement = {
  name: "schedules.due",
  text: `
select now() as now, coalesce((
    select json_agg(json_build_object('tenantId', d.tenant_id, 'name', d.name, 'cron', d.cron, 'timeZone', d.time_zone,
      'misfirePolicy', d.misfire_policy, 'queue', d.queue, 'revision', d.revision, 'nextAt', d.next_at) order by d.due_at)
    from (select * from millrace.schedules s where s.due_at <= now() order by s.due_at limit $1::integer) d
  ), '[]') as due,
  (select extract(epoch from s.due_at - now()) * 1000 from millrace.schedules s
   where s.due_at > now() order by s.due_at limit 1)::float8 as "nextDueInMs"`,
};

/** At most `limit` schedules whose tick is due, most overdue first. */
export async function dueSchedules(db: Executor, limit: number): Promise<DueSchedules> {
  const [row] = await db.query<{
    now: Date;
    due: readonly (Omit<DueSchedule, "nextAt"> & { readonly nextAt: string })[];
    nextDueInMs: number | null;
  }>(dueStatement, [limit]);
  if (row === undefined) throw new MillraceError("INTERNAL", "The look-up of due schedules answered nothing.");
  return { ...row, due: row.due.map((schedule) => ({ ...schedule, nextAt: new Date(schedule.nextAt) })) };
}
