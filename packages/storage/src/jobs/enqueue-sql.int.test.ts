import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import type { Executor, Parameter } from "../executor.ts";
import { sqlState } from "../pg-error.ts";
import { newJob } from "../testing/job-store/fixture.ts";
import { storeOfFile } from "../testing/job-store/store-of-file.ts";

const { test, store } = await storeOfFile();

const tenantId = "default";
const get = (id: string) => store.getJob({ tenantId, id });

/** Calls the function with these arguments, as psql would. */
async function enqueue(
  args: string,
  { db = test.database, parameters = [] }: { db?: Executor; parameters?: readonly Parameter[] } = {},
): Promise<string> {
  const [row] = await db.query<{ id: string }>(
    { name: "test.enqueue", text: `select millrace.enqueue(${args}) as id` },
    parameters,
  );
  return row?.id ?? "";
}

/** What the function refuses with, as whoever calls it sees it. */
async function refusal(args: string): Promise<string> {
  try {
    await enqueue(args);
  } catch (error) {
    return `${sqlState(error)}: ${((error as Error).cause as Error).message}`;
  }
  return "nothing";
}

describe("millrace.enqueue", () => {
  it("needs no more than a type", async () => {
    const id = await enqueue("'t'");
    expect(await get(id)).toMatchObject({
      queue: "default",
      type: "t",
      payload: {},
      status: "pending",
      priority: 0,
      maxAttempts: 20,
      tags: [],
      retry: null,
    });
    expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(Math.abs(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16) - Date.now())).toBeLessThan(60_000);
  });

  it("takes a null for the default, as an ORM sends one", async () => {
    const nulls = ["payload", "queue", "tenant", "priority", "delay", "scheduled_at", "max_attempts", "idempotency_key"]
      .concat(["concurrency_key", "tags", "timeout_ms", "retry", "depends_on", "on_dependency_failure", "traceparent"])
      .map((name) => `${name} => null`);
    const [plain, withNulls] = await Promise.all([enqueue("'t'"), enqueue(`'t', ${nulls.join(", ")}`)]);
    const { id: _, createdAt: __, updatedAt: ___, scheduledAt: ____, ...expected } = await get(plain);
    expect(await get(withNulls)).toMatchObject(expected);
  });

  it("takes every other argument by name", async () => {
    const id =
      await enqueue(`'email.send', payload => jsonb_build_object('to', 'a@example.com'), queue => 'emails', tenant => 'default', priority => -3,
      delay => interval '1 hour', max_attempts => 4, concurrency_key => 'c', tags => '{a,b}', timeout_ms => 5,
      retry => '{"kind":"linear","baseMs":7}', traceparent => '00-${"a".repeat(32)}-${"b".repeat(16)}-01'`);
    const job = await get(id);
    expect(job).toMatchObject({
      queue: "emails",
      type: "email.send",
      payload: { to: "a@example.com" },
      priority: -3,
      maxAttempts: 4,
      concurrencyKey: "c",
      tags: ["a", "b"],
      timeoutMs: 5,
      retry: { kind: "linear", baseMs: 7, capMs: 3_600_000 },
      traceparent: expect.stringContaining("aaaa"),
    });
    expect(job.scheduledAt.getTime() - job.createdAt.getTime()).toBe(3_600_000);
    const at = await enqueue("'t', scheduled_at => '2040-01-02T03:04:05Z'");
    expect((await get(at)).scheduledAt).toEqual(new Date("2040-01-02T03:04:05Z"));
  });

  it("puts jobs where workers find them, and their queue on the list", async () => {
    const id = await enqueue("'t', queue => 'sql'");
    const keyed = await enqueue("'t', queue => 'sql', concurrency_key => 'k'");
    await enqueue("'t', queue => 'sql', delay => '1 hour'");
    await store.admitHeld();
    const claimed = await store.claimJobs({ queues: ["sql"], limit: 10, leaseMs: 1_000, worker: "w" });
    expect(new Set(claimed.map(({ job }) => job.id))).toEqual(new Set([id, keyed]));
    const [stats] = await store.queueStats({ tenantId, queue: "sql" });
    expect(stats).toMatchObject({ running: 2, scheduled: 1 });
  });

  it("makes ids that sort by the time they were made", async () => {
    const rows = await test.database.query<{ id: string }>({
      name: "test.ids",
      text: "select millrace.new_job_id() as id, pg_sleep(0.0001) from generate_series(1, 50)",
    });
    const ids = rows.map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted());
  });

  it.each([
    ["null", "type"],
    ["'has space'", "type"],
    [`'${"x".repeat(129)}'`, "type"],
    ["'t', queue => '-x'", "queue"],
    ["'t', tenant => 'Upper'", "tenant"],
    ["'t', payload => to_jsonb(repeat('x', 262144))", "payload"],
    ["'t', payload => (repeat('[', 65) || repeat(']', 65))::jsonb", "payload"],
    ["'t', priority => 40000", "priority"],
    ["'t', delay => '1 hour', scheduled_at => now()", "delay"],
    ["'t', delay => '-1 second'", "delay"],
    ["'t', delay => '367 days'", "delay"],
    ["'t', scheduled_at => 'infinity'", "scheduled_at"],
    ["'t', max_attempts => 0", "max_attempts"],
    ["'t', idempotency_key => ''", "idempotency_key"],
    ["'t', concurrency_key => repeat('x', 256)", "concurrency_key"],
    ["'t', tags => array_fill('x'::text, array[21])", "tags"],
    ["'t', tags => '{ok,\"\"}'", "tags"],
    ["'t', tags => '{ok,null}'", "tags"],
    ["'t', timeout_ms => 0", "timeout_ms"],
    [`'t', retry => '{"kind":"never"}'`, "retry"],
    [`'t', retry => '{"kind":"fixed"}'`, "retry"],
    [`'t', retry => '{"kind":"fixed","delayMs":-1}'`, "retry"],
    [`'t', retry => '{"kind":"delays","delaysMs":[]}'`, "retry"],
    [`'t', retry => '{"kind":"exponential","factor":11}'`, "retry"],
    ["'t', depends_on => '{01900000-0000-7000-8000-000000000000}'", "depends_on"],
    ["'t', depends_on => array[null::uuid]", "depends_on"],
    ["'t', on_dependency_failure => 'ignore'", "on_dependency_failure"],
    ["'t', traceparent => 'x'", "traceparent"],
  ])("refuses %s and names the argument", async (args, argument) => {
    expect(await refusal(args)).toMatch(new RegExp(`^22023: millrace\\.enqueue: ${argument} `));
  });

  it("makes one job of a key, and refuses another request for it", async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, () => enqueue("'t', idempotency_key => 'once'")));
    expect(new Set(ids).size).toBe(1);
    expect(await refusal("'t', idempotency_key => 'once', priority => 1")).toMatch(/^23505: .*'once' was used before/);
  });

  it("knows a request again in a session with another time zone and another form of intervals", async () => {
    const other = await test.database.connect();
    for (const argument of ["scheduled_at => '2126-01-02 03:04:05.678+00'", "delay => interval '1 day 02:03:04.5'"]) {
      const text = `select millrace.enqueue('t', idempotency_key => '${argument.length}', ${argument}) as id`;
      const ids = [];
      for (const [zone, style] of [
        ["UTC", "postgres"],
        ["Asia/Tokyo", "iso_8601"],
      ]) {
        await other.exec(`set timezone = '${zone}'; set intervalstyle = '${style}'`);
        ids.push(...(await other.query<{ id: string }>({ name: "test", text })));
      }
      expect(ids[1]).toEqual(ids[0]);
    }
    await other.close();
  });

  it("shares keys with the service: whoever comes second gets the first one's job, whatever the request", async () => {
    const service = newJob({ tenantId, idempotencyKey: "both", requestHash: "h", payload: "1" });
    const id = await enqueue("'t', payload => '2', idempotency_key => 'both'");
    expect(await store.createJob(service)).toMatchObject({ duplicate: true, job: { id, payload: 2 } });
    const { job } = await store.createJob({ ...service, idempotencyKey: "both-2" });
    expect(await enqueue("'other', idempotency_key => 'both-2'")).toBe(job.id);
  });

  it("takes over a key whose window has passed, or whose job is gone, once", async () => {
    const { job } = await store.createJob(
      newJob({ tenantId, idempotencyKey: "passed", requestHash: "h", keyWindowMs: 1 }),
    );
    await expect
      .poll(() =>
        store.getJobByIdempotencyKey(tenantId, "passed").then(
          () => "taken",
          () => "free",
        ),
      )
      .toBe("free");
    await store.cancelJob({ tenantId, id: await enqueue("'t', idempotency_key => 'gone'") });
    await test.database.query({ name: "test.prune", text: "truncate millrace.cancelled_jobs" });
    for (const key of ["passed", "gone"]) {
      const ids = await Promise.all(Array.from({ length: 8 }, () => enqueue(`'t', idempotency_key => '${key}'`)));
      expect(new Set(ids).size).toBe(1);
      expect(ids).not.toContain(job.id);
      expect((await store.getJobByIdempotencyKey(tenantId, key)).id).toBe(ids[0]);
    }
  });

  it("keeps a queue within its greatest depth", async () => {
    const text = "insert into millrace.queue_settings (tenant_id, queue, max_depth) values ('default', 'narrow', 2)";
    await test.database.query({ name: "test.depth", text });
    const first = await enqueue("'t', queue => 'narrow', idempotency_key => 'narrow'");
    await enqueue("'t', queue => 'narrow', delay => '1 hour'");
    expect(await refusal("'t', queue => 'narrow'")).toBe(
      "53400: millrace.enqueue: queue 'narrow' is full: 2 jobs wait in it",
    );
    expect(await enqueue("'t', queue => 'narrow', idempotency_key => 'narrow'")).toBe(first);
  });

  it("holds jobs back until those that they depend on have completed, and cancels them when one has failed", async () => {
    const a = await enqueue("'t', queue => 'flow'");
    const b = await enqueue("'t', queue => 'flow', depends_on => array[$1::uuid]", { parameters: [a] });
    const claim = () => store.claimJobs({ queues: ["flow"], limit: 10, leaseMs: 60_000, worker: "w" });
    const [claimed, ...others] = await claim();
    expect([claimed?.job.id, others]).toEqual([a, []]);
    await store.completeJobs([{ leaseToken: claimed?.leaseToken ?? "", result: null }]);
    const [released] = await claim();
    expect(released?.job.id).toBe(b);
    await store.failJobs([{ leaseToken: released?.leaseToken ?? "", message: "no", retryable: false }]);
    const c = await enqueue("'t', queue => 'flow', depends_on => array[$1, $2]::uuid[]", { parameters: [a, b] });
    expect(await get(c)).toMatchObject({
      status: "cancelled",
      lastError: `The job ${b}, on which this one depends, died.`,
    });
    const waits = "'t', depends_on => array[$1::uuid], on_dependency_failure => 'wait'";
    expect(await get(await enqueue(waits, { parameters: [b] }))).toMatchObject({ status: "pending" });
  });

  it("wakes workers when its transaction commits", async () => {
    const heard: string[] = [];
    const subscription = await test.database.listen("millrace_jobs", (payload) => heard.push(payload));
    // Not what is still to come of earlier tests.
    const ours = () => heard.filter((payload) => /woken|marker/.test(payload));
    await test.database.withTransaction(async (tx) => {
      await enqueue("'t', queue => 'woken'", { db: tx });
      await enqueue("'t', queue => 'woken', concurrency_key => 'k'", { db: tx });
      await test.database.query({ name: "test.marker", text: "select pg_notify('millrace_jobs', '[\"marker\"]')" });
      await expect.poll(ours).toEqual(['["marker"]']);
    });
    const lanes = () =>
      ours()
        .slice(1)
        .map((payload) => JSON.parse(payload) as unknown);
    await expect.poll(lanes).toEqual([[["default", "woken"]], [["default", "woken", "held"]]]);
    await subscription.close();
  });

  it("leaves nothing of a transaction that is rolled back", async () => {
    const undone = test.database.withTransaction(async (tx) => {
      await enqueue("'t', queue => 'undone', idempotency_key => 'undone'", { db: tx });
      throw new Error("undone");
    });
    await expect(undone).rejects.toThrow("undone");
    expect((await store.listJobs({ tenantId, queue: "undone", limit: 1 })).jobs).toEqual([]);
    expect((await store.queueStats({ tenantId, queue: "undone" })).filter(({ queue }) => queue === "undone")).toEqual(
      [],
    );
    await expect(store.getJobByIdempotencyKey(tenantId, "undone")).rejects.toMatchObject({ code: "JOB_NOT_FOUND" });
  });
});

describe("a role that doesn't own the schema", () => {
  const documented = readFileSync(new URL("../../../../docs/concepts/transactions.md", import.meta.url), "utf8");
  const grants = [...documented.matchAll(/^grant .*;$/gm)].map(([grant]) => grant);

  /** What `run` answers in a transaction of a new role with the first `n` grants of the documentation; all of it is undone. */
  async function as<Answer>(n: number, run: (tx: Executor) => Promise<Answer>): Promise<Answer> {
    const undo = new Error("undo");
    let answer: Answer | undefined;
    const undone = test.database.withTransaction(async (tx) => {
      for (const text of ["create role app", ...grants.slice(0, n), "set local role app"]) {
        await tx.query({ name: "test.role", text });
      }
      answer = await run(tx);
      throw undo;
    });
    await expect(undone).rejects.toBe(undo);
    return answer as Answer;
  }

  it("can enqueue with the grants that are documented", async () => {
    const ids = await as(5, async (db) => [
      await enqueue("'t'", { db }),
      await enqueue("'t', queue => 'narrow', idempotency_key => 'narrow'", { db }),
      await enqueue("'t', queue => 'of-app', delay => '1 hour', idempotency_key => 'a'", { db }),
      await enqueue("'t', concurrency_key => 'k'", { db }),
    ]);
    expect(new Set(ids).size).toBe(4);
  });

  it("can make jobs depend on others with the rest of them", async () => {
    const failed = await enqueue("'t', queue => 'of-app'");
    await store.cancelJob({ tenantId, id: failed });
    const states = await as(grants.length, async (db) => {
      const a = await enqueue("'t'", { db });
      const ids = [
        await enqueue("'t', depends_on => array[$1::uuid]", { db, parameters: [a] }),
        await enqueue("'t', depends_on => array[$1, $2]::uuid[]", { db, parameters: [a, failed] }),
        await enqueue("'t', depends_on => array[$1::uuid], on_dependency_failure => 'wait'", {
          db,
          parameters: [failed],
        }),
      ];
      const text =
        "select a.status::text from unnest($1::uuid[]) with ordinality i(id, n) join millrace.all_jobs a on a.id = i.id order by i.n";
      return db.query<{ status: string }>({ name: "test.states", text }, [ids]);
    });
    expect(states.map(({ status }) => status)).toEqual(["pending", "cancelled", "pending"]);
  });
});
