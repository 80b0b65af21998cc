import type { Executor, Statement } from "../executor.ts";
import { scheduleChannel, scheduleColumns } from "./columns.ts";
import { definitionParameters } from "./insert.ts";
import type { NewSchedule, Schedule } from "./schedule-store.ts";

/**
 * Compare and set: the next tick was computed from the row that was read, so it holds only while no other change and no tick came in between.
 * The new revision makes every decision void that was taken on the old definition.
 */
const replaceStatement: Statement = {
  name: "schedules.replace",
  text: `
with changed as (
  update millrace.schedules set
    cron = $3::text, time_zone = $4::text, misfire_policy = $5::text, paused = $6::boolean, queue = $7::text, type = $8::text,
    job = $9::json, next_at = $10::timestamptz, due_at = $10::timestamptz, revision = gen_random_uuid(), last_error = null, updated_at = now()
  where tenant_id = $1::text and name = $2::text and revision = $11::uuid and next_at is not distinct from $12::timestamptz
  returning ${scheduleColumns}
)
select changed.*, pg_notify('${scheduleChannel}', '') as told from changed`,
};

/** Replaces the definition of a schedule that is still as it was read; undefined when it isn't. */
export async function replaceSchedule(
  db: Executor,
  read: Schedule,
  schedule: NewSchedule,
): Promise<Schedule | undefined> {
  const parameters = [...definitionParameters(schedule), read.revision, read.nextAt];
  const [row] = await db.query<Schedule & { told: unknown }>(replaceStatement, parameters);
  if (row === undefined) return undefined;
  const { told: _, ...changed } = row;
  return changed;
}
