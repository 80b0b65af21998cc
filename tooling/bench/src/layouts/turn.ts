import { carriedColumns, type CarriedColumn } from "./tables.ts";

/** CTEs by which a batch is finished; `done` has a row for each job that was. `$1` ids, `$2` results, `$3` their claim. */
type Finish = string;

/** CTEs by which jobs that `picked` names are handed out; `taken` has their id, type, payload and attempts. `$4` the new claim. */
type Take = string;

/**
 * One turn of a worker in one statement and one commit: finish the last batch, claim the next from the lane `$6`, `$7`.
 * Answers a row for each claimed job, and a last one that counts the finished.
 */
export function turnOf(finish: Finish, take: Take): string {
  return `
with ${finish},
picked as (
  delete from ready where ctid = any(array(
    select ctid from ready where tenant_id = $6::text and queue = $7::text
    order by priority desc, scheduled_at, job_id limit $5::integer for update skip locked
  ))
  returning job_id
),
claimed as (
  insert into claims (claim_id, worker, job_ids, lease_expires_at)
  select $4::uuid, 'bench', array_agg(job_id), now() + interval '30 seconds' from picked having count(*) > 0
),
${take}
select id, type, payload, attempts, null::integer as finished from taken
union all select null, null, null, null, count(*)::integer from done`;
}

const input = "unnest($1::uuid[], $2::text[]) as r(id, result)";
const closed = "closed as (delete from claims where claim_id = $3::uuid returning 1)";

/** The finished row stays where it is, marked. */
export const finishInPlace: Finish = `${closed},
done as (
  update jobs j set status = 'completed', completed_at = now(), updated_at = now(), claim_id = null, result = r.result::json
  from ${input} where j.id = r.id and j.claim_id = $3::uuid
  returning 1
)`;

/** The finished row moves into history. */
export const finishIntoHistory: Finish = `${closed},
${moved(`using ${input} where j.id = r.id and j.claim_id = $3::uuid`, "r.result")}`;

/** The lease goes, then the row moves into history with what the lease knew. */
export const finishLeases: Finish = `${closed},
given_back as (
  delete from leases l using ${input} where l.job_id = r.id and l.claim_id = $3::uuid
  returning l.job_id, l.fence, l.attempt, l.started_at, r.result
),
${moved("using given_back g where j.id = g.job_id", "g.result", {
  attempts: "g.attempt",
  fence: "g.fence",
  started_at: "g.started_at",
  locked_at: "g.started_at",
  locked_by: "'bench'",
})}`;

/** The claim alone says who owns the whole batch; its rows move into history. */
export const finishWholeClaim: Finish = `${closed},
${moved(`using ${input} where j.id = r.id and exists (select 1 from closed)`, "r.result", {
  attempts: "(j.attempts + 1)::smallint",
  fence: "j.fence + 1",
  started_at: "now()",
  locked_at: "now()",
  locked_by: "'bench'",
})}`;

/** Deletes from `jobs` and inserts into history; `known` gives the columns that the row itself doesn't know. */
function moved(condition: string, result: string, known: Partial<Record<CarriedColumn, string>> = {}): string {
  const columns = carriedColumns.map((column) => `${known[column] ?? `j.${column}`} as ${column}`);
  return `gone as (
  delete from jobs j ${condition}
  returning ${columns.join(", ")}, ${result} as result
),
done as (
  insert into job_history (${carriedColumns.join(", ")}, status, completed_at, updated_at, result)
  select ${carriedColumns.join(", ")}, 'completed', now(), now(), result::json from gone
  returning 1
)`;
}

const mark = `set claim_id = $4::uuid, locked_by = 'bench', locked_at = now(), lease_expires_at = null, started_at = now(),
    updated_at = now(), attempts = j.attempts + 1, fence = j.fence + 1`;

/** The row is updated in place; its ids come as an array. */
export const takeByArray: Take = `taken as (
  update jobs j ${mark} where j.id = any(array(select job_id from picked)) returning j.id, j.type, j.payload, j.attempts
)`;

/** The same by a join: an array would probe every partition for every id, a nested loop prunes to one partition per row. */
export const takeByLoop: Take = `taken as (
  update jobs j ${mark} from picked p where j.id = p.job_id returning j.id, j.type, j.payload, j.attempts
)`;

const read = `taken as (
  select j.id, j.type, j.payload, (j.attempts + 1)::smallint as attempts, j.fence + 1 as fence
  from jobs j where j.id = any(array(select job_id from picked))
)`;

/** The row is read; a narrow lease is written for it. */
export const takeByLease: Take = `${read},
leased as (
  insert into leases (job_id, claim_id, fence, attempt, started_at) select id, $4::uuid, fence, attempts, now() from taken
)`;

/** The row is read, and nothing is written for it. */
export const takeUntouched: Take = read;
