import type { IngestResponse, MillraceClient } from "@millrace/client";

/** What a database holds at a moment, as users see it. */
export interface Seen {
  /** Of each table its rows, their distinct keys, and a checksum over all of them. */
  readonly tables: readonly unknown[];
  /** The status of each of the drill's jobs, by their place in the order of creation. */
  readonly jobs: readonly string[];
}

const queue = "drill";
const type = "drill.step";
const patientMs = 60_000;

/** Makes the tables: one that only grows, and one with the newest row of each key. */
export async function makeTables({ tables }: MillraceClient): Promise<void> {
  const columns = [
    { name: "id", type: "int64" },
    { name: "page", type: "varchar" },
  ] as const;
  await tables.create({ name: "clicks", columns: [...columns] });
  await tables.create({ name: "pages", columns: [...columns], primaryKey: ["id"] });
}

/** Sends a batch of events of its own keys to both tables; sent twice it is known. Answers once all can be queried. */
export async function sendBatch(
  client: MillraceClient,
  batch: string,
  count: number,
): Promise<readonly IngestResponse[]> {
  const answers: IngestResponse[] = [];
  for (const table of ["clicks", "pages"]) {
    const records = Array.from({ length: count }, (_, id) => ({
      idempotencyKey: `${batch}-${id}`,
      payload: { id, page: `/${batch}/${id}` },
      ...(table === "pages" ? { op: "upsert" as const } : {}),
    }));
    answers.push(await client.ingest(table, records, { waitForVisibility: true, visibilityTimeoutMs: patientMs }));
  }
  return answers;
}

/** Enqueues jobs under keys of their own; a key that is known answers its job. */
export function enqueueJobs({ jobs }: MillraceClient, name: string, count: number) {
  const all = Array.from({ length: count }, (_, index) => ({ queue, type, idempotencyKey: `${name}-${index}` }));
  return jobs.enqueueBatch(all);
}

/** Claims so many jobs, at most for `leaseMs`. */
export async function claimJobs({ leases }: MillraceClient, limit: number, leaseMs: number, waitMs = 0) {
  return (await leases.claim({ queues: [queue], limit, leaseMs, worker: "drill", waitMs })).items;
}

/** Claims jobs until there are none and completes each; answers their ids. Where it is known how many there are, those are waited for that somebody holds. */
export async function workOff(client: MillraceClient, known?: number): Promise<readonly string[]> {
  const ids: string[] = [];
  while (known === undefined || ids.length < known) {
    const limit = Math.min((known ?? Number.POSITIVE_INFINITY) - ids.length, 100);
    const items = await claimJobs(client, limit, 30_000, known === undefined ? 0 : patientMs);
    if (items.length === 0) return ids;
    const { items: outcomes } = await client.leases.complete(items.map(({ leaseToken }) => ({ leaseToken })));
    for (const [index, { job }] of items.entries()) if (outcomes[index]?.ok === true) ids.push(job.id);
  }
  return ids;
}

/** What users see now, or in a snapshot. */
export async function look(client: MillraceClient, options: { readonly snapshotId?: number } = {}): Promise<Seen> {
  const tables = [];
  for (const table of ["clicks", "pages"]) {
    const sql = `select '${table}' as name, count(*) as n, count(distinct page) as pages, md5(string_agg(id || page, ',' order by id, page)) as sum from ${table}`;
    tables.push(...(await (await client.query(sql, options)).all()));
  }
  const jobs = [];
  for await (const { id, status } of client.jobs.all({ queue })) jobs.push(`${id} ${status}`);
  return { tables, jobs: jobs.toSorted() };
}

/** Of the drill's jobs in `system.jobs`: how many rows, and of how many jobs. */
export async function historyOf(client: MillraceClient): Promise<{ readonly rows: number; readonly jobs: number }> {
  const sql = `select count(*)::integer as rows, count(distinct id)::integer as jobs from system.jobs where queue = '${queue}'`;
  const [found] = await (await client.query<{ rows: number; jobs: number }>(sql)).all();
  return found ?? { rows: 0, jobs: 0 };
}
