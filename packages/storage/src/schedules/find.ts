import { MillraceError } from "@millrace/contract";

import type { Executor, Statement } from "../executor.ts";
import { scheduleColumns } from "./columns.ts";
import type { Schedule, ScheduleRef } from "./schedule-store.ts";

/** A plain read with the time of its snapshot: ticks are counted by the database's clock, also those of a schedule that isn't there yet. */
const findStatement: Statement = {
  name: "schedules.find",
  text: `
select now() as now, found.* from (select) always
left join (select ${scheduleColumns} from millrace.schedules where tenant_id = $1::text and name = $2::text) found on true`,
};

/** The schedule, if there is one, and the database's now. */
export async function findSchedule(
  db: Executor,
  ref: ScheduleRef,
): Promise<{ readonly now: Date; readonly schedule: Schedule | undefined }> {
  const [row] = await db.query<{ now: Date; name: string | null }>(findStatement, [ref.tenantId, ref.name]);
  if (row === undefined) throw new MillraceError("INTERNAL", "The look-up of a schedule answered nothing.");
  const { now, ...found } = row;
  return { now, schedule: found.name === null ? undefined : (found as Schedule) };
}
