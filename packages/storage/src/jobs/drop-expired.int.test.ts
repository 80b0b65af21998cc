import { beforeAll, beforeEach, describe, expect, it } from "vitest";

import { createAndClaim, newJob } from "../testing/job-store/fixture.ts";
import { storeOfFile } from "../testing/job-store/store-of-file.ts";

const { test, store } = await storeOfFile();

describe("what has been kept for its time", () => {
  // Another day may have begun since the database was made.
  beforeAll(async () => {
    await store.ensurePartitions();
    await store.dropExpired();
  });
  beforeEach(async () => {
    await run(
      "truncate millrace.jobs, millrace.ready, millrace.job_keys, millrace.job_history, millrace.finished_counts",
    );
  });

  const run = <Row>(text: string) => test.database.query<Row>({ name: "test", text });
  const count = async (from: string) => (await run<{ n: number }>(`select count(*)::integer as n from ${from}`))[0]?.n;
  const isThere = async (name: string) =>
    (await run<{ there: boolean }>(`select to_regclass('millrace.${name}') is not null as there`))[0]?.there;

  /** A partition as upkeep would have made it, for `days` from `daysAgo` days ago on; answers its name. */
  async function oldPartition(parent: string, daysAgo: number, days = 1): Promise<string> {
    const [row] = await run<{ name: string }>(
      `select '${parent}_' || to_char(date_trunc('${days === 7 ? "week" : "day"}', now() at time zone 'utc' - interval '${daysAgo} days'), 'YYYYMMDD') as name`,
    );
    const name = row?.name ?? "";
    const from = `${name.slice(-8)} 00:00+00`;
    const key = parent.endsWith("_jobs") ? "0, " : "";
    await run(`create table if not exists millrace.${name} partition of millrace.${parent}
      for values from (${key}'${from}') to (${key}timestamptz '${from}' + interval '${days} days')`);
    return name;
  }

  /** Completes a job and has it expire `daysAgo` days ago. */
  async function expired(key: string, daysAgo: number): Promise<string> {
    const { job, leaseToken } = await createAndClaim(store, { idempotencyKey: key, requestHash: "h" });
    await store.completeJobs([{ leaseToken, result: null }]);
    await run(
      `update millrace.job_history set expires_at = expires_at - interval '${daysAgo + 7} days' where id = '${job.id}'`,
    );
    await run(
      `update millrace.finished_counts set day = day - ${daysAgo + 7} where day > (now() at time zone 'utc')::date and status = 'completed'`,
    );
    return job.id;
  }

  const completed = async () => (await store.queueStats({ tenantId: "acme" }))[0]?.completed ?? 0;

  it("goes with its partition: the jobs, their counts and their keys, and nothing that is younger", async () => {
    const name = await oldPartition("completed_jobs", 3);
    const old = await expired("gone", 3);
    const { job, leaseToken } = await createAndClaim(store, { idempotencyKey: "kept", requestHash: "h" });
    await store.completeJobs([{ leaseToken, result: null }]);
    expect(await completed()).toBe(2);
    expect(await store.dropExpired()).toEqual({ dropped: 1, remaining: 0 });
    expect(await isThere(name)).toBe(false);
    await expect(store.getJob({ tenantId: "acme", id: old })).rejects.toThrow("There is no job");
    expect(await completed()).toBe(1);
    expect((await store.createJob(newJob({ idempotencyKey: "gone", requestHash: "other" }))).duplicate).toBe(false);
    expect((await store.createJob(newJob({ idempotencyKey: "kept", requestHash: "h" }))).job.id).toBe(job.id);
  });

  it("leaves a key that names another job by now", async () => {
    await oldPartition("completed_jobs", 3);
    const old = await expired("moved", 3);
    await run(`update millrace.job_keys set job_id = gen_random_uuid() where key = 'moved'`);
    await store.dropExpired();
    expect(await count(`millrace.job_keys where key = 'moved' and job_id <> '${old}'`)).toBe(1);
  });

  it("is finished by the next call where one ended between any two steps", async () => {
    const name = await oldPartition("completed_jobs", 3);
    await expired("half", 3);
    await run(`select millrace.free_expired_keys('${name}', 0, 1000)`);
    expect(await count("millrace.job_keys where key = 'half'")).toBe(0);
    await run(`select millrace.drop_expired_partition('${name}')`);
    expect(await count("millrace.finished_counts where day < (now() at time zone 'utc')::date")).toBe(1);
    await store.dropExpired();
    expect(await count("millrace.finished_counts where day < (now() at time zone 'utc')::date")).toBe(0);
  });

  it("waits for no key that somebody has just now: the other partitions go, and that one later", async () => {
    const [first, second] = [await oldPartition("completed_jobs", 4), await oldPartition("completed_jobs", 3)];
    await expired("locked", 4);
    await test.database.withTransaction(async (holding) => {
      await holding.query({ name: "test", text: "select from millrace.job_keys where key = 'locked' for update" });
      expect(await store.dropExpired()).toEqual({ dropped: 1, remaining: 1 });
    });
    expect([await isThere(first), await isThere(second)]).toEqual([true, false]);
    expect(await store.dropExpired()).toEqual({ dropped: 1, remaining: 0 });
    expect(await count("millrace.job_keys where key = 'locked'")).toBe(0);
  });

  it("has its key back when it is retried in between", async () => {
    const name = await oldPartition("completed_jobs", 3);
    const id = await expired("again", 3);
    await run(`select millrace.free_expired_keys('${name}', 0, 1000)`);
    await store.retryJob({ tenantId: "acme", id });
    const again = await store.createJob(newJob({ idempotencyKey: "again", requestHash: "h" }));
    expect([again.duplicate, again.job.id]).toEqual([true, id]);
    expect(await run("select millrace.enqueue('t', tenant => 'acme', idempotency_key => 'again') as id")).toEqual([
      { id },
    ]);
  });

  it("frees the keys of a partition of many blocks, in bounded steps", async () => {
    const name = await oldPartition("completed_jobs", 3);
    await run(`insert into millrace.${name} (id, tenant_id, queue, type, status, priority, attempts, max_attempts, fence,
      scheduled_at, created_at, updated_at, completed_at, expires_at, idempotency_key, tags, errors, payload)
      select gen_random_uuid(), 'acme', 'q', 't', 'completed', 0, 1, 1, 1, now(), now(), now(), now(), now() - interval '3 days', 'many-' || n, '{}', '[]',
        json_build_object('pad', repeat('x', 750)) from generate_series(1, 12000) n`);
    await run(
      `insert into millrace.job_keys (tenant_id, key, job_id, request_hash) select tenant_id, idempotency_key, id, '' from millrace.${name}`,
    );
    const [first] = await run<{ next: number }>(`select millrace.free_expired_keys('${name}', 0, 1000) as next`);
    expect(first?.next).toBe(1_000);
    const left = (await count("millrace.job_keys where key like 'many-%'")) ?? 0;
    expect(left).toBeGreaterThan(500);
    expect(left).toBeLessThan(12_000);
    await store.dropExpired();
    expect(await count("millrace.job_keys where key like 'many-%'")).toBe(0);
  });

  it("makes nobody wait behind a long read of history, and goes once that is over", async () => {
    const name = await oldPartition("completed_jobs", 3);
    const { leaseToken } = await createAndClaim(store);
    await test.database.withTransaction(async (reader) => {
      await reader.query({ name: "test", text: "select count(*) from millrace.job_history" });
      const [result, [outcome]] = await Promise.all([
        store.dropExpired(),
        store.completeJobs([{ leaseToken, result: null }]),
      ]);
      expect(result).toEqual({ dropped: 0, remaining: 1 });
      expect(outcome).toEqual({ ok: true, status: "completed" });
    });
    expect(await isThere(name)).toBe(true);
    expect(await store.dropExpired()).toEqual({ dropped: 1, remaining: 0 });
  });

  it("is dropped once by callers that race", async () => {
    for (const daysAgo of [3, 4, 5]) await oldPartition("completed_jobs", daysAgo);
    await expired("raced", 4);
    let dropped = 0;
    for (let remaining = 1; remaining > 0;) {
      const results = await Promise.all(Array.from({ length: 4 }, () => store.dropExpired()));
      const last = await store.dropExpired();
      dropped += [...results, last].reduce((sum, result) => sum + result.dropped, 0);
      ({ remaining } = last);
    }
    expect(dropped).toBe(3);
    expect(await count("millrace.job_keys where key = 'raced'")).toBe(0);
  });

  it("goes row by row where it has no partition of its own, with its key and its count", async () => {
    const before = await completed();
    await expired("default", 3);
    expect(await count("millrace.completed_jobs_default")).toBe(1);
    expect(await store.dropExpired()).toEqual({ dropped: 0, remaining: 0 });
    expect(await count("millrace.completed_jobs_default")).toBe(0);
    expect(await count("millrace.job_keys where key = 'default'")).toBe(0);
    expect(await completed()).toBe(before);
  });

  it("is kept for 30 days of attempts, for 7 of log lines, for a day of workers, for 400 of the audit log", async () => {
    const attempts = await oldPartition("job_attempts", 40, 7);
    const recent = await oldPartition("job_attempts", 21, 7);
    const logs = await oldPartition("job_logs", 9);
    const recentLogs = await oldPartition("job_logs", 6);
    await run(
      `insert into millrace.workers (tenant_id, name, seen_at) values ('', 'old', now() - interval '25 hours'), ('', 'new', now() - interval '23 hours')`,
    );
    await run(`insert into millrace.audit_log (id, tenant_id, actor, action, target)
      select (lpad(to_hex(floor(extract(epoch from now() - days * interval '1 day') * 1000)::bigint), 12, '0') || '7000800000000000000' || '0')::uuid,
        'acme', 'key', 'test', days::text from unnest(array[399, 401]) days`);
    await store.dropExpired();
    expect(await Promise.all([attempts, recent, logs, recentLogs].map(isThere))).toEqual([false, true, false, true]);
    expect(await run("select name from millrace.workers")).toEqual([{ name: "new" }]);
    expect(await run("select target from millrace.audit_log")).toEqual([{ target: "399" }]);
  });

  it("has few partitions, whatever the retentions of however many queues", async () => {
    await run(`insert into millrace.queue_settings (tenant_id, queue, keep_completed_ms, keep_dead_ms, keep_cancelled_ms)
      select 'acme', 'kept-' || n, n * 86400000::bigint, n * 86400000::bigint, n * 86400000::bigint from generate_series(1, 400) n`);
    await store.ensurePartitions();
    const [row] = await run<{ most: number }>(`select max(n)::integer as most from (
      select count(*) as n from pg_inherits i join pg_class p on p.oid = i.inhparent where p.relname like '%\\_jobs' group by p.oid
    ) parents`);
    expect(row?.most).toBeLessThanOrEqual(45);
    for (const [days, name] of [
      [1, /completed_jobs_\d{8}$/],
      [8, /completed_jobs_\d{8}$/],
      [9, /completed_jobs_week_\d{8}$/],
      [60, /completed_jobs_week_\d{8}$/],
      [61, /completed_jobs_month_\d{6}01$/],
      [400, /completed_jobs_month_\d{6}01$/],
    ] as const) {
      const { job, leaseToken } = await createAndClaim(store, { queue: `kept-${days}` });
      await store.completeJobs([{ leaseToken, result: null }]);
      const [where] = await run<{ name: string }>(
        `select tableoid::regclass::text as name from millrace.job_history where id = '${job.id}'`,
      );
      expect(where?.name).toMatch(name);
    }
    await run("delete from millrace.queue_settings");
  });

  it("keeps its counts for as long as it is there: a job in the default partition that somebody has just now, too", async () => {
    const before = await completed();
    const id = await expired("busy", 3);
    await test.database.withTransaction(async (holding) => {
      await holding.query({ name: "test", text: `select from millrace.job_history where id = '${id}' for update` });
      await store.dropExpired();
      expect(await completed()).toBe(before + 1);
    });
    await store.dropExpired();
    expect(await completed()).toBe(before);
    expect(await count("millrace.finished_counts where n < 0")).toBe(0);
  });

  it("has partitions made for a retention that is new", async () => {
    await run(
      `insert into millrace.queue_settings (tenant_id, queue, keep_completed_ms, keep_dead_ms) values ('acme', 'long', 86400000 * 90::bigint, 86400000 * 180::bigint)`,
    );
    await store.ensurePartitions();
    const { job, leaseToken } = await createAndClaim(store, { queue: "long" });
    await store.completeJobs([{ leaseToken, result: null }]);
    const [row] = await run<{ name: string; days: number }>(
      `select tableoid::regclass::text as name, extract(day from expires_at - completed_at)::integer as days from millrace.job_history where id = '${job.id}'`,
    );
    expect(row?.days).toBe(90);
    expect(row?.name).toMatch(/completed_jobs_month_\d{6}01$/);
  });
});
