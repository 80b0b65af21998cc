import type { Executor, Statement } from "../executor.ts";
import type { DueSchedule } from "./schedule-store.ts";

/** Fenced like a tick: a schedule that was mended or moved on meanwhile is left alone. */
const pauseStatement: Statement = {
  name: "schedules.pause",
  text: `
update millrace.schedules set paused = true, next_at = null, due_at = null, last_error = $5::text, revision = gen_random_uuid(), updated_at = now()
where tenant_id = $1::text and name = $2::text and revision = $3::uuid and next_at = $4::timestamptz`,
};

/** Pauses a schedule that can't go on, if it is still as it was read. */
export async function pauseSchedule(db: Executor, schedule: DueSchedule, error: string): Promise<void> {
  const { tenantId, name, revision, nextAt } = schedule;
  await db.query(pauseStatement, [tenantId, name, revision, nextAt, error]);
}
