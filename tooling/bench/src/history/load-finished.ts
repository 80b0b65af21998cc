import type { DirectConnection } from "@millrace/storage";

import { queueName } from "../contenders/contender.ts";

const chunk = 500_000;
const days = 7;
const queues = 20;

/**
 * Adds to history as if so many jobs had completed over the last week, in twenty queues, and would be kept for a week each: in a partition for each
 * day of expiry, as upkeep would have made them day by day, with their counts.
 */
export async function loadFinished(
  connection: DirectConnection,
  finished: number,
  tell: (loaded: number) => void,
): Promise<void> {
  for (let day = 0; day < days; day++) await connection.exec(partitionOf(day));
  for (let loaded = 0; loaded < finished; loaded += chunk) {
    const to = Math.min(loaded + chunk, finished);
    await connection.exec(insertRows(loaded, to, finished));
    tell(to);
  }
  await connection.exec("truncate millrace.finished_counts");
  await connection.exec(`
insert into millrace.finished_counts (tenant_id, queue, status, day, n)
select tenant_id, queue, status, (expires_at at time zone 'utc')::date, count(*) from millrace.job_history group by 1, 2, 3, 4`);
  await connection.exec("vacuum (analyze) millrace.job_history");
  await connection.exec("vacuum (analyze) millrace.finished_counts");
  await connection.exec("checkpoint");
}

/** Partitions of the days to come are there already; those of jobs that completed before today aren't in a new database. */
function partitionOf(day: number): string {
  const midnight = (after: number) =>
    `(date_trunc('day', now() at time zone 'utc') + interval '${after} days') at time zone 'utc'`;
  return `
do $$ begin
  execute format('create table millrace.completed_jobs_loaded_${day} partition of millrace.completed_jobs for values from (0, %L) to (0, %L)',
    ${midnight(day)}, ${midnight(day + 1)});
exception when invalid_object_definition or duplicate_table then
  -- There is one for that time.
  null;
end $$`;
}

/** The oldest first; ids carry the time at which the jobs came, as the product's do. */
function insertRows(from: number, to: number, finished: number): string {
  return `
insert into millrace.job_history (id, tenant_id, queue, type, status, priority, attempts, max_attempts, fence, locked_by,
  scheduled_at, started_at, created_at, updated_at, completed_at, expires_at, tags, errors, payload)
select uuidv7(r.age), 'default', '${queueName}' || i % ${queues}, 'mail.send', 'completed', 0, 1, 20, 1, 'bench',
  now() + r.age, now() + r.age, now() + r.age, now() + r.age, now() + r.age, now() + r.age + interval '${days} days', '{}', '[]',
  json_build_object('i', i, 'to', 'user' || i || '@example.com', 'template', 'welcome', 'locale', 'en')
from generate_series(${from}, ${to - 1}) as i,
  lateral (select interval '${days} days' * (i::float8 / ${finished} - 1) + interval '1 hour' * (1 - i::float8 / ${finished}) as age) r`;
}
