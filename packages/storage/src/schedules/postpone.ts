import type { Executor, Statement } from "../executor.ts";
import type { DueSchedule } from "./schedule-store.ts";

/** Fenced like a tick. Of several who met the full queue each puts the look off, from now: that does no harm. */
const postponeStatement: Statement = {
  name: "schedules.postpone",
  text: `
update millrace.schedules set due_at = now() + $5::float8 * interval '1 millisecond', last_error = $6::text
where tenant_id = $1::text and name = $2::text and revision = $3::uuid and next_at = $4::timestamptz`,
};

/** Has nobody look at a schedule for a while, if it is still as it was read. */
export async function postponeSchedule(
  db: Executor,
  schedule: DueSchedule,
  delayMs: number,
  error: string,
): Promise<void> {
  const { tenantId, name, revision, nextAt } = schedule;
  await db.query(postponeStatement, [tenantId, name, revision, nextAt, delayMs, error]);
}
