import type { Executor, Statement } from "../executor.ts";
import type { ScheduleRef } from "./schedule-store.ts";

/** Whoever decided on a tick before finds no row to move on: nothing fires after the delete. */
const deleteStatement: Statement = {
  name: "schedules.delete",
  text: `
delete from millrace.schedules
where tenant_id = $1::text and name = $2::text and ($3::text[] is null or queue = any($3::text[]))
returning name`,
};

/** Deletes a schedule, of these queues if given; false when there is none. */
export async function deleteSchedule(db: Executor, ref: ScheduleRef, queues?: readonly string[]): Promise<boolean> {
  const rows = await db.query(deleteStatement, [ref.tenantId, ref.name, queues ?? null]);
  return rows.length > 0;
}
