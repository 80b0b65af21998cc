import { createDatabase } from "../../../database.ts";
import type { Database } from "../../../database.ts";
import type { JobStore } from "../../../jobs/job-store.ts";
import { createPostgresJobStore, hotSession } from "../../../jobs/postgres-job-store.ts";
import { patient } from "../../patient.ts";
import { testDatabase } from "../../test-database.ts";
import type { ModelSubject } from "./check-model.ts";
import { modelLanes } from "./plans.ts";
import type { ModelLimits } from "./state.ts";

export interface PostgresSubject extends ModelSubject {
  readonly database: Database;
  close(): Promise<void>;
}

export interface PostgresSubjectOptions {
  /** How many stores; each has a pool of its own. */
  readonly stores: number;
  /** Stands between each store and the test; the store as it is without it. */
  readonly wrap?: (store: JobStore, database: Database) => JobStore;
  /** Limits to set on the queues of the model's tenants; `perKey` holds for all of them. */
  readonly limits?: ModelLimits;
}

/** Remembered by stores for as long as they live, or none of their business. */
const tablesKept = ["queues", "queue_settings", "api_keys", "schema_migrations"];

/** Stores on a PostgreSQL database of their own, whose clock can be moved. */
export async function openPostgresSubject({
  stores: count,
  wrap,
  limits,
}: PostgresSubjectOptions): Promise<PostgresSubject> {
  const test = await testDatabase();
  const databases = Array.from({ length: count }, () =>
    createDatabase({ ...patient, url: test.url, poolMax: 4, session: hotSession }),
  );
  const plain = databases.map(createPostgresJobStore);
  const { database } = test;
  // Stores let jobs in after their answers; rows that change under their hands are no part of the contract.
  const settle = () => Promise.all(plain.map((store) => store.admitHeld()));
  if (limits !== undefined) await setLimits(database, limits);
  return {
    database,
    stores: plain.map((store, index) => wrap?.(store, databases[index]!) ?? store),
    async advance(byMs) {
      await settle();
      await shiftDeadlines(database, byMs);
    },
    async clear() {
      await settle();
      await clearTables(database);
    },
    async close() {
      await Promise.all(plain.map((store) => store.close()));
      await Promise.all(databases.map((one) => one.close({ graceMs: 0 })));
      await test.close();
    },
  };
}

async function setLimits(database: Database, { queues, perKey }: ModelLimits): Promise<void> {
  for (const lane of modelLanes) {
    const [tenantId, queue] = lane.split("/");
    await database.query(
      {
        name: "model.limits",
        text: "insert into millrace.queue_settings (tenant_id, queue, concurrency, concurrency_per_key) values ($1, $2, $3, $4)",
      },
      [tenantId ?? "", queue ?? "", queues[lane] ?? null, perKey ?? 1],
    );
  }
}

/** What is due or over in an hour is an hour nearer: every deadline of unfinished jobs and their claims, wherever it is kept. */
async function shiftDeadlines(database: Database, byMs: number): Promise<void> {
  await database.query({
    name: "model.advance",
    text: `
do $$
declare
  target record;
begin
  for target in
    select c.oid::regclass as name, string_agg(format('%1$I = %1$I - interval ''${byMs} milliseconds''', a.attname), ', ') as changes
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'millrace'::regnamespace and c.relkind = 'r' and not c.relispartition
      and a.attname in ('scheduled_at', 'lease_expires_at') group by c.oid
  loop
    execute format('update %s set %s', target.name, target.changes);
  end loop;
end $$`,
  });
}

/** Deletes rather than truncates: history has a hundred partitions, and a run a dozen rows. */
async function clearTables(database: Database): Promise<void> {
  await database.query({
    name: "model.clear",
    text: `
do $$
declare
  target regclass;
begin
  for target in
    select c.oid::regclass from pg_class c
    where c.relnamespace = 'millrace'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and c.relname not in (${tablesKept.map((name) => `'${name}'`).join(", ")})
  loop
    execute format('delete from %s', target);
  end loop;
end $$`,
  });
}
