import { drizzle as drizzleOnNodePostgres } from "drizzle-orm/node-postgres";
import { drizzle as drizzleOnPostgresJs } from "drizzle-orm/postgres-js";
import { Client as NodePostgres, Pool as NodePostgresPool } from "pg";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { newJob } from "../testing/job-store/fixture.ts";
import { storeOfFile } from "../testing/job-store/store-of-file.ts";
import { type CallerTransaction, callerExecutor } from "./caller-transaction.ts";

const { test, store } = await storeOfFile();

const rollback = new Error("the caller changed its mind");

/** Settings of a client that would break whoever relies on what it does with types other than text, with names or with statements. */
const unusual = {
  max: 1,
  prepare: true,
  fetch_types: true,
  onnotice: () => {},
  transform: { ...postgres.toCamel, undefined: null, value: { from: String } },
  types: Object.fromEntries(
    [16, 20, 21, 23, 114, 701, 1009, 1184, 2950, 2951, 3802].map((oid) => [
      `odd${oid}`,
      { to: oid, from: [oid], serialize: () => "odd", parse: () => "odd" },
    ]),
  ),
} as const;

interface Client {
  begin(run: (tx: CallerTransaction) => Promise<unknown>): Promise<unknown>;
  end(): Promise<void>;
}

const clients: Readonly<Record<string, (url: string) => Promise<Client> | Client>> = {
  "postgres.js"(url) {
    const sql = postgres(url, { max: 1 });
    return { begin: (run) => sql.begin((tx) => run(tx)), end: () => sql.end() };
  },
  "postgres.js with settings of its own"(url) {
    const sql = postgres(url, unusual as unknown as postgres.Options<Record<string, postgres.PostgresType>>);
    return { begin: (run) => sql.begin((tx) => run(tx)), end: () => sql.end() };
  },
  "a savepoint of postgres.js"(url) {
    const sql = postgres(url, { max: 1, prepare: false });
    return { begin: (run) => sql.begin((tx) => tx.savepoint((inner) => run(inner))), end: () => sql.end() };
  },
  "Drizzle on postgres.js"(url) {
    const sql = postgres(url, { max: 1 });
    const db = drizzleOnPostgresJs(sql);
    return { begin: (run) => db.transaction((tx) => run(tx)), end: () => sql.end() };
  },
  "Drizzle on node-postgres"(url) {
    const pool = new NodePostgresPool({ connectionString: url, max: 1 });
    const db = drizzleOnNodePostgres(pool);
    return { begin: (run) => db.transaction((tx) => run(tx)), end: () => pool.end() };
  },
  "a nested transaction of Drizzle"(url) {
    const pool = new NodePostgresPool({ connectionString: url, max: 1 });
    const db = drizzleOnNodePostgres(pool);
    return { begin: (run) => db.transaction((tx) => tx.transaction((inner) => run(inner))), end: () => pool.end() };
  },
  async "node-postgres"(url) {
    const client = new NodePostgres({ connectionString: url });
    await client.connect();
    return {
      async begin(run) {
        await client.query("begin");
        try {
          await run(client);
          await client.query("commit");
        } catch (error) {
          await client.query("rollback");
          throw error;
        }
      },
      end: () => client.end(),
    };
  },
};

describe.each(Object.entries(clients))("in a transaction of %s", (name, open) => {
  let client: Client;
  beforeAll(async () => {
    client = await open(test.url);
  });
  afterAll(() => client.end());

  const queue = name.replaceAll(" ", "-");
  const job = newJob({
    queue,
    payload: String.raw`{"text":"quote ' \" backslash \\ é🙂","list":[1,null,{"deep":true}]}`,
    scheduledAt: new Date("2040-01-02T03:04:05.678Z"),
    retry: { kind: "delays", delaysMs: [1, 2] },
    tags: ['a "b"', String.raw`c\d`, "{e,f}", "NULL"],
    idempotencyKey: `key of ${name}`,
    requestHash: "1",
    concurrencyKey: "k",
    timeoutMs: 7,
  });

  it("a job is there with its commit, and every value as it was given", async () => {
    let id = "";
    await client.begin(async (tx) => {
      const created = await store.createJob(job, { tx });
      id = created.job.id;
      expect(created).toMatchObject({ duplicate: false, job: { status: "pending", scheduledAt: job.scheduledAt } });
      await expect(store.getJob({ tenantId: "acme", id })).rejects.toMatchObject({ code: "JOB_NOT_FOUND" });
      const again = await store.createJob(job, { tx });
      expect(again).toEqual({ duplicate: true, job: created.job });
    });
    expect(await store.getJob({ tenantId: "acme", id })).toMatchObject({
      payload: JSON.parse(job.payload),
      scheduledAt: job.scheduledAt,
      retry: job.retry,
      tags: job.tags,
      concurrencyKey: "k",
      timeoutMs: 7,
      createdAt: expect.any(Date),
    });
  });

  it("nothing is left of its rollback", async () => {
    const gone = { ...job, idempotencyKey: `rolled back by ${name}` };
    const refused = client.begin(async (tx) => {
      await store.createJobs([gone, newJob({ queue, dependsOn: [0] })], { tx });
      throw rollback;
    });
    await expect(refused).rejects.toBe(rollback);
    await expect(store.getJobByIdempotencyKey("acme", gone.idempotencyKey)).rejects.toMatchObject({
      code: "JOB_NOT_FOUND",
    });
  });

  it("errors are ours", async () => {
    const broken = client.begin((tx) => store.createJob(newJob({ queue, payload: "{broken" }), { tx }));
    await expect(broken).rejects.toMatchObject({ name: "MillraceError", code: "VALIDATION_FAILED" });
  });

  it("calls at the same time with one key make one job", async () => {
    const twice = newJob({ queue, idempotencyKey: `twice in ${name}`, requestHash: "1" });
    await client.begin(async (tx) => {
      const created = await Promise.all([store.createJob(twice, { tx }), store.createJobs([twice], { tx })]);
      expect(created[0].job.id).toBe(created[1][0]?.id);
    });
  });
});

it("is refused without a transaction: what runs on any connection can't be rolled back", async () => {
  const sql = postgres(test.url, { max: 1 });
  const pool = new NodePostgresPool({ connectionString: test.url });
  const outside = [sql, pool, drizzleOnPostgresJs(sql), drizzleOnNodePostgres(pool), {}] as unknown[];
  for (const tx of outside) {
    expect(() => callerExecutor(tx as CallerTransaction)).toThrow(
      expect.objectContaining({ code: "VALIDATION_FAILED" }),
    );
  }
  await sql.end();
  await pool.end();
});

it("leaves no prepared statement behind, which a pooler could not keep", async () => {
  const sql = postgres(test.url, { max: 1 });
  const left = await sql.begin(async (tx) => {
    await store.createJob(newJob(), { tx });
    return tx.unsafe("select statement from pg_prepared_statements where statement like '%millrace.%'", [], {
      prepare: false,
    });
  });
  expect([...left]).toEqual([]);
  await sql.end();
});

it("wakes workers when it commits, and not before", async () => {
  const heard: string[] = [];
  const subscription = await test.database.listen("millrace_jobs", (payload) => heard.push(payload));
  const sql = postgres(test.url, { max: 1 });
  await sql.begin(async (tx) => {
    await store.createJob(newJob({ queue: "woken" }), { tx });
    await store.createJob(newJob({ queue: "woken", concurrencyKey: "k" }), { tx });
    await test.database.query({ name: "test.marker", text: "select pg_notify('millrace_jobs', '\"marker\"')" });
    await expect.poll(() => heard).toContain('"marker"');
    expect(heard.some((payload) => payload.includes("woken"))).toBe(false);
  });
  await expect.poll(() => heard).toEqual(expect.arrayContaining(['[["acme","woken"]]', '[["acme","woken","held"]]']));
  await subscription.close();
  await sql.end();
});
