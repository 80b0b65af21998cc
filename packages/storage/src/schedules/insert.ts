import type { Executor, Parameter, Statement } from "../executor.ts";
import { scheduleChannel, scheduleColumns } from "./columns.ts";
import type { NewSchedule, Schedule } from "./schedule-store.ts";

/** The primary key decides between two that make the same name; the other one is told that it is taken. The notification goes out with the commit. */
const insertStatement: Statement = {
  name: "schedules.insert",
  text: `
with made as (
  insert into millrace.schedules (tenant_id, name, cron, time_zone, misfire_policy, paused, queue, type, job, next_at, due_at)
  values ($1::text, $2::text, $3::text, $4::text, $5::text, $6::boolean, $7::text, $8::text, $9::json, $10::timestamptz, $10::timestamptz)
  on conflict (tenant_id, name) do nothing
  returning ${scheduleColumns}
)
select made.*, pg_notify('${scheduleChannel}', '') as told from made`,
};

/** Stores a new schedule; undefined when its name is taken. */
export async function insertSchedule(db: Executor, schedule: NewSchedule): Promise<Schedule | undefined> {
  const [row] = await db.query<Schedule & { told: unknown }>(insertStatement, definitionParameters(schedule));
  if (row === undefined) return undefined;
  const { told: _, ...made } = row;
  return made;
}

/** The parameters $1 to $10 of a statement that writes a definition. */
export function definitionParameters(schedule: NewSchedule): Parameter[] {
  return [
    schedule.tenantId,
    schedule.name,
    schedule.cron,
    schedule.timeZone,
    schedule.misfirePolicy,
    schedule.paused,
    schedule.queue,
    schedule.type,
    JSON.stringify(schedule.job),
    schedule.nextAt,
  ];
}
