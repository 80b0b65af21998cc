import { type ErrorCode, MillraceError, scheduleTag } from "@millrace/contract";

import type { Executor, Statement } from "../executor.ts";
import { sqlState } from "../pg-error.ts";
import type { Firing } from "./schedule-store.ts";

/**
 * Compare and set, one statement and one commit: whoever locks the row while revision and next tick are as they were read enqueues the ticks' jobs
 * and moves the row on; for all others the condition fails when it is checked again on the locked row, or the row is locked and skipped.
 * No lock outlives the statement, so a scheduler can freeze at any moment. The jobs come from the row that is locked, not from what was read.
 * (enqueue() must not stand in the SET list or the RETURNING of an update of the row: a loser would have run it before it learns that it lost.)
 */
export const fireStatement: Statement = {
  name: "schedules.fire",
  text: `
with due as materialized (
  select * from millrace.schedules s
  where s.tenant_id = $1::text and s.name = $2::text and s.revision = $3::uuid and s.next_at = $4::timestamptz
    and now() < $8::timestamptz + $9::float8 * interval '1 millisecond'
  for update skip locked
),
fired as materialized (
  select tick.at, millrace.enqueue(
    type => d.type, payload => (d.job -> 'payload')::jsonb, queue => d.queue, tenant => d.tenant_id,
    priority => (d.job ->> 'priority')::integer, scheduled_at => tick.at, max_attempts => (d.job ->> 'maxAttempts')::integer,
    concurrency_key => d.job ->> 'concurrencyKey',
    tags => array(select json_array_elements_text(d.job -> 'tags')) || $7::text,
    timeout_ms => (d.job ->> 'timeoutMs')::integer, retry => (d.job -> 'retry')::jsonb
  ) as id
  from due d cross join unnest($6::timestamptz[]) as tick(at)
),
moved as (
  update millrace.schedules s set
    next_at = $5::timestamptz, due_at = $5::timestamptz, last_error = $10::text,
    last_at = coalesce((select max(f.at) from fired f), s.last_at),
    last_job_id = coalesce((select f.id from fired f order by f.at desc limit 1), s.last_job_id)
  from due d where s.tenant_id = d.tenant_id and s.name = d.name
  returning s.name
)
select array(select f.id::text from fired f order by f.at) as ids from moved`,
};

/**
 * Moves the schedule on and enqueues a job for each of the ticks; undefined when it is no longer as it was read.
 * @throws QUEUE_FULL, VALIDATION_FAILED when enqueue() refuses a job; the schedule stays where it is
 */
export async function fireSchedule(db: Executor, firing: Firing): Promise<readonly string[] | undefined> {
  const { schedule, ticks, nextAt, decidedAt, validMs, error } = firing;
  const parameters = [
    schedule.tenantId,
    schedule.name,
    schedule.revision,
    schedule.nextAt,
    nextAt,
    ticks,
    scheduleTag(schedule.name),
    decidedAt,
    validMs,
    error ?? null,
  ];
  try {
    const [row] = await db.query<{ ids: readonly string[] }>(fireStatement, parameters);
    return row?.ids;
  } catch (failure) {
    throw refusalOf(failure) ?? failure;
  }
}

/** What enqueue() says when it doesn't take a job, by its SQLSTATE. */
const refusals: Readonly<Record<string, ErrorCode>> = { "53400": "QUEUE_FULL", "22023": "VALIDATION_FAILED" };

function refusalOf(failure: unknown): MillraceError | undefined {
  const code = refusals[sqlState(failure) ?? ""];
  const { cause } = failure as MillraceError;
  const said = cause instanceof Error ? /^millrace\.enqueue: (.+)$/.exec(cause.message)?.[1] : undefined;
  return code === undefined || said === undefined
    ? undefined
    : new MillraceError(code, `The job was refused: ${said}.`, { cause });
}
