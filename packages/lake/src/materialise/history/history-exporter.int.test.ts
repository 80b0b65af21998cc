import { Transform, Writable } from "node:stream";
import { callbackify } from "node:util";

import { afterAll, expect, test } from "vitest";

import { createPostgresHistoryStore } from "@millrace/storage";
import { newJob } from "@millrace/storage/testing";

import type { HistoryExporter } from "./history-exporter.ts";
import { openHistoryWorld } from "./testing/history-world.ts";

const world = await openHistoryWorld();
afterAll(() => world.close());
const { jobs, complete, read } = world;
const run = <Row>(text: string) => world.db.query<Row>({ name: "test", text });

async function exportAll(exporter: HistoryExporter): Promise<void> {
  while ((await exporter.step()) !== "nothing");
}

test("a finished job is a row with all that was known of it, and each of its attempts is one", async () => {
  const exporter = world.exporter("whole");
  const payload = `{"text": "a \\"quoted\\" line\\nand, \\u00e9\\ud800", "big": 12345678901234567890.10,\n "empty": ""}`;
  await jobs.createJob(
    newJob({
      tenantId: "whole",
      queue: "mail",
      type: "mail.send",
      payload,
      tags: ["a,b", 'c"d', "é"],
      priority: 3,
      maxAttempts: 2,
    }),
  );
  const [first] = await jobs.claimJobs({ tenantId: "whole", limit: 1, leaseMs: 60_000, worker: "w1" });
  await jobs.failJobs([
    { leaseToken: first!.leaseToken, message: 'no, \n\r\n"really"', stack: "", retryable: true, retryAfterMs: 0 },
  ]);
  const [second] = await jobs.claimJobs({ tenantId: "whole", limit: 1, leaseMs: 60_000, worker: "w2" });
  await jobs.completeJobs([{ leaseToken: second!.leaseToken, result: '{"ok":true}' }]);
  expect(await exporter.step()).toBe("exported");
  const [row, ...others] = await read<Record<string, unknown>>("whole", "from jobs");
  expect(others).toEqual([]);
  expect(row).toMatchObject({
    id: first!.job.id,
    queue: "mail",
    type: "mail.send",
    status: "completed",
    priority: 3,
    attempts: 2,
    max_attempts: 2,
    tags: ["a,b", 'c"d', "é"],
    result: '{"ok":true}',
    last_error: 'no, \n\r\n"really"',
    worker: "w2",
    idempotency_key: null,
    wait_ms: expect.any(Number),
    run_ms: expect.any(Number),
    _key: "",
    _op: "insert",
  });
  expect(JSON.parse(String(row?.["payload"]))).toSatisfy(
    (value: unknown) => value === payload || (value as { empty?: string }).empty === "",
  );
  expect(
    await read(
      "whole",
      "select attempt, outcome, worker, error, stack, queue, type, run_ms >= 0 as timed from attempts order by _offset",
    ),
  ).toEqual([
    {
      attempt: 1,
      outcome: "failed",
      worker: "w1",
      error: 'no, \n\r\n"really"',
      stack: "",
      queue: "mail",
      type: "mail.send",
      timed: true,
    },
    {
      attempt: 2,
      outcome: "completed",
      worker: "w2",
      error: null,
      stack: null,
      queue: "mail",
      type: "mail.send",
      timed: true,
    },
  ]);
  expect(await exporter.step()).toBe("nothing");
});

test("a tenant's jobs are in its own tables only, and its watermark stays", async () => {
  const exporter = world.exporter("apart");
  const own = await complete("apart-a", 3);
  await complete("apart-b", 2);
  await exporter.step();
  expect(await read("apart-a", "select id from jobs order by id")).toEqual(own.toSorted().map((id) => ({ id })));
  expect(await read("apart-b", "select count(*)::integer as n from jobs")).toEqual([{ n: 2 }]);
  expect(await world.lake.progress("apart-a")).toMatchObject({ head: 0, watermark: 0 });
});

test("a job is exported although its transaction is open for longer than any other that comes and goes meanwhile", async () => {
  const exporter = world.exporter("long");
  const begun = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const [late] = await jobs.createJobs([newJob({ tenantId: "long" })]);
  const [claimed] = await jobs.claimJobs({ tenantId: "long", limit: 1, leaseMs: 60_000, worker: "w" });
  const long = world.db.withTransaction(async (tx) => {
    await tx.query({ name: "test", text: "select pg_current_xact_id()" });
    begun.resolve();
    await goOn.promise;
    await tx.query({
      name: "test",
      text: `insert into millrace.job_history (id, tenant_id, queue, type, status, priority, attempts, max_attempts, fence, scheduled_at,
      created_at, updated_at, completed_at, tags, errors, payload) values ('${claimed!.job.id}', 'long', 'q', 't', 'cancelled', 0, 0, 1, 0, now(), now(), now(), now(), '{}', '[]', '{}')`,
    });
  });
  await begun.promise;
  const early = await complete("long", 2);
  await exportAll(exporter);
  expect(await read("long", "select count(*)::integer as n from jobs")).toEqual([{ n: 2 }]);
  await complete("long-other", 2);
  await exportAll(exporter);
  goOn.resolve();
  await long;
  await exportAll(exporter);
  const ids = await read<{ id: string }>("long", "select id from jobs order by id");
  expect(ids).toEqual([...early, late!.id].toSorted().map((id) => ({ id })));
});

test(
  "under a load of finishing and retried jobs two exporters that race in small pages miss none and double none",
  { timeout: 60_000 },
  async () => {
    const first = world.exporter("race-1", { rowsMax: 40 });
    const second = world.exporter("race-2", { rowsMax: 40 });
    let isOver = false;
    /** How often each job was completed. */
    const ends = new Map<string, number>();
    async function finish(tenantId: string): Promise<void> {
      for (let round = 0; round < 20; round++) {
        const slow = world.db.withTransaction((tx) =>
          tx.query({ name: "test", text: "select pg_current_xact_id(), pg_sleep(0.05)" }),
        );
        const ids = await complete(tenantId, 17);
        const again = ids.slice(0, 3);
        await jobs.retryJobs(tenantId, again);
        await world.finish(tenantId, again.length);
        for (const id of ids) ends.set(id, again.includes(id) ? 2 : 1);
        await slow;
      }
    }
    async function exportOn(exporter: HistoryExporter): Promise<void> {
      while (!isOver) await exporter.step();
    }
    const tenants = ["race-a", "race-b", "race-c"];
    const exports = [exportOn(first), exportOn(second)];
    await Promise.all(tenants.map(finish));
    isOver = true;
    await Promise.all(exports);
    await exportAll(first);
    const attempts: { readonly id: string; readonly attempt: number }[] = [];
    const lasts: { readonly id: string; readonly last: number }[] = [];
    for (const tenantId of tenants) {
      attempts.push(...(await read<(typeof attempts)[0]>(tenantId, "select job_id as id, attempt from attempts")));
      lasts.push(
        ...(await read<(typeof lasts)[0]>(tenantId, "select id, max(attempts) as last from jobs group by id")),
      );
      expect(await read(tenantId, "select id, attempts from jobs group by all having count(*) > 1")).toEqual([]);
    }
    const expected = [...ends].flatMap(([id, times]) => Array.from({ length: times }, (_, at) => `${id} ${at + 1}`));
    expect(attempts.map(({ id, attempt }) => `${id} ${attempt}`).toSorted()).toEqual(expected.toSorted());
    expect(new Map(lasts.map(({ id, last }) => [id, last]))).toEqual(ends);
  },
);

test("a job that ends again after a retry has a row for each end, and every attempt has one", async () => {
  const exporter = world.exporter("again");
  const [id] = await complete("again", 1);
  await exportAll(exporter);
  await jobs.retryJob({ tenantId: "again", id: id! });
  await exportAll(exporter);
  const again = async () => {
    const [claimed] = await jobs.claimJobs({ tenantId: "again", limit: 1, leaseMs: 60_000, worker: "w" });
    await jobs.completeJobs([{ leaseToken: claimed!.leaseToken, result: null }]);
  };
  await again();
  // Retried before anybody has exported this end: its attempt is all that tells of it.
  await jobs.retryJob({ tenantId: "again", id: id! });
  await again();
  await exportAll(exporter);
  expect(await read("again", "select attempts from jobs order by _offset")).toEqual([{ attempts: 1 }, { attempts: 3 }]);
  expect(await read("again", "select attempt, outcome from attempts order by attempt")).toEqual(
    [1, 2, 3].map((attempt) => ({ attempt, outcome: "completed" })),
  );
});

test("what the lake doesn't have yet is not dropped when its time has come, unless the lake has taken nothing for a week", async () => {
  const exporter = world.exporter("drop");
  await exportAll(exporter);
  const name = `completed_jobs_${new Date(Date.now() - 3 * 86_400_000).toISOString().slice(0, 10).replaceAll("-", "")}`;
  const day = name.slice(-8);
  await run(
    `create table millrace.${name} partition of millrace.completed_jobs for values from (0, '${day} 00:00+00') to (0, timestamptz '${day} 00:00+00' + interval '1 day')`,
  );
  const [id] = await complete("drop", 1);
  await run(`update millrace.job_history set expires_at = timestamptz '${day} 12:00+00' where id = '${id}'`);
  const isThere = async () =>
    (await run<{ there: boolean }>(`select to_regclass('millrace.${name}') is not null as there`))[0]?.there;
  await jobs.dropExpired();
  expect(await isThere()).toBe(true);
  await run("update millrace.history_export set exported_at = now() - interval '8 days'");
  expect((await run(`select * from millrace.expired_partitions() where name = '${name}'`)).length).toBe(1);
  await run("update millrace.history_export set exported_at = now()");
  await exportAll(exporter);
  await jobs.dropExpired();
  expect(await isThere()).toBe(false);
  expect(await read("drop", "select id from jobs")).toEqual([{ id }]);
});

test("a database that was loaded into another server goes on from there", async () => {
  const exporter = world.exporter("moved");
  await complete("moved", 1);
  await run(
    "update millrace.job_history set xact_id = (xact_id::text::numeric + 1000000)::text::xid8 where tenant_id = 'moved'",
  );
  await run("update millrace.history_export set exported_to = '2000000:2000000:'");
  await exportAll(exporter);
  await exportAll(exporter);
  const moved = await complete("moved", 1);
  await exportAll(exporter);
  await exportAll(exporter);
  expect(await read("moved", "select id from jobs")).toEqual([{ id: moved[0] }]);
  expect(
    await run("select 1 from millrace.job_history where xact_id > pg_snapshot_xmax(pg_current_snapshot())"),
  ).toEqual([]);
});

test("whoever comes second with a part of a page finds it published and goes on", async () => {
  const second = world.exporter("second");
  const first = world.exporter("first", {
    async onStep(step) {
      if (step === "uploaded") await exportAll(second);
    },
  });
  const ids = await complete("twice", 3);
  expect(await first.step()).toBe("exported");
  expect(await read("twice", "select id from jobs order by id")).toEqual(ids.toSorted().map((id) => ({ id })));
});

test("a page that others have ended takes nothing more, not even of jobs that were deleted before these read them", async () => {
  const others = world.exporter("others");
  const [id] = await complete("deleted", 1);
  const late = world.exporter("late", {
    async onStep(step) {
      if (step !== "uploaded") return;
      await jobs.deleteJob({ tenantId: "deleted", id: id! });
      await exportAll(others);
    },
  });
  await expect(late.step()).rejects.toMatchObject({ code: "UNAVAILABLE" });
  const table = await world.tables.findTable({ tenantId: "deleted", name: "system.jobs" });
  expect(await world.lake.liveFiles(table!.tableId)).toEqual([]);
});

test("a job that is retried while its page is read is in it as a job or as an attempt, not as both", async () => {
  await exportAll(world.exporter("before"));
  const [id] = await complete("between", 1);
  const history = createPostgresHistoryStore(world.db);
  const page = await history.takePage({ owner: "between", leaseMs: 0, rowsMax: 10, bytesMax: 1_000_000 });
  const text: string[] = [];
  const write = (chunk: Buffer, _: unknown, done: () => void) => {
    text.push(chunk.toString());
    done();
  };
  const retrying = new Transform({
    transform: (chunk: Buffer, _, done) => done(null, chunk),
    flush: callbackify(() => jobs.retryJob({ tenantId: "between", id: id! }).then(() => undefined)),
  });
  retrying.on("data", (chunk: Buffer) => text.push(chunk.toString()));
  await history.copyPage(page!, { jobs: retrying, attempts: new Writable({ write }) });
  expect(text.join("").split(id!)).toHaveLength(2);
  await history.endPage(page!);
});

test("a lease keeps others away until it is given back or has run out", async () => {
  const history = createPostgresHistoryStore(world.db);
  const take = (owner: string) => history.takePage({ owner, leaseMs: 60_000, rowsMax: 10, bytesMax: 1_000_000 });
  await complete("lease", 1);
  const page = await take("one");
  expect(page).toBeDefined();
  expect(await take("two")).toBeUndefined();
  await history.release("one");
  expect(await take("two")).toEqual({ ...page, more: true });
  await history.release("two");
});

test(
  "jobs that are large, and small only in PostgreSQL because they compress, don't stop the export",
  { timeout: 120_000 },
  async () => {
    const exporter = world.exporter("large");
    // A thousand of one transaction, which no page divides, and a hundred of a megabyte, which hardly count where they are stored.
    for (const [count, bytes, at] of [
      [1_000, 60_000, "one"],
      [100, 1_000_000, "many"],
    ] as const) {
      await world.db.query(
        {
          name: "test",
          text: `
      insert into millrace.job_history (id, tenant_id, queue, type, status, priority, attempts, max_attempts, fence, scheduled_at,
        created_at, updated_at, completed_at, tags, errors, payload, result)
      select gen_random_uuid(), 'large', '${at}', 't', 'completed', 0, 1, 1, 1, now(), now(), now(), now(), '{}', '[]', v, v
      from generate_series(1, ${count}), (select jsonb_build_object('text', repeat('abcdefgh', ${bytes / 8})) as v)`,
        },
        [],
        { timeoutMs: 60_000 },
      );
    }
    await exportAll(exporter);
    expect(
      await read(
        "large",
        `select queue, count(*)::integer as n, count(payload ->> '$.text') > 100 as whole, max((payload ->> '$.bytes')::integer) as bytes
      from jobs group by queue order by queue`,
      ),
    ).toEqual([
      { queue: "many", n: 100, whole: false, bytes: 1_000_012 },
      { queue: "one", n: 1_000, whole: true, bytes: 60_012 },
    ]);
  },
);

test("an error that is too long is cut, and says so with its length", async () => {
  const exporter = world.exporter("cut");
  await run(`insert into millrace.job_history (id, tenant_id, queue, type, status, priority, attempts, max_attempts, fence, scheduled_at,
      created_at, updated_at, completed_at, tags, errors, payload, last_error)
    select gen_random_uuid(), 'cut', 'q', 't', 'dead', 0, 1, 1, 1, now(), now(), now(), now(), '{}', '[]', '{}', repeat('é', n)
    from (values (500), (40000)) v(n)`);
  await exportAll(exporter);
  expect(
    await read<{ error: string }>("cut", "select last_error as error from jobs order by length(last_error)"),
  ).toEqual([{ error: "é".repeat(500) }, { error: `${"é".repeat(1_000)}… [truncated, 80000 bytes]` }]);
});
