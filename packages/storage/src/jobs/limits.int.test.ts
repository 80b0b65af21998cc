import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { createDatabase } from "../database.ts";
import { newJob, until } from "../testing/job-store/fixture.ts";
import { patient } from "../testing/patient.ts";
import { type TestDatabase, testDatabase } from "../testing/test-database.ts";
import type { JobStore } from "./job-store.ts";
import { type Attempt, clockMs, keepUp, mostAtOnce, workLimits } from "./limits.test.support.ts";
import { createPostgresJobStore, hotSession } from "./postgres-job-store.ts";

const tenantId = "acme";
let test: TestDatabase;
let store: JobStore;
beforeEach(async () => {
  test = await testDatabase({ database: { session: hotSession } });
  store = createPostgresJobStore(test.database);
});
afterEach(async () => {
  await store.close();
  await test.close();
});

const query = <Row>(text: string) => test.database.query<Row>({ name: "test", text });
const count = async (table: string) =>
  (await query<{ n: number }>(`select count(*)::integer as n from millrace.${table}`))[0]?.n;
const add = (n: number, changes: object) =>
  store.createJobs(Array.from({ length: n }, () => newJob({ tenantId, ...changes })));

/** Queues of every kind: keys of one and of three slots, a concurrency with keys and without. */
async function fill(n: number): Promise<void> {
  await store.putQueueSettings({ tenantId, queue: "three" }, { concurrencyPerKey: 3 });
  await store.putQueueSettings({ tenantId, queue: "four" }, { concurrency: 4 });
  await store.putQueueSettings({ tenantId, queue: "both" }, { concurrency: 5, concurrencyPerKey: 2 });
  for (const [queue, keys] of [
    ["one", 3],
    ["three", 2],
    ["four", 0],
    ["both", 4],
  ] as const) {
    await store.createJobs(
      Array.from({ length: n }, (_, i) =>
        newJob({ tenantId, queue, ...(keys === 0 ? {} : { concurrencyKey: `k${i % keys}` }) }),
      ),
    );
  }
}

function expectLimitsHeld(attempts: readonly Attempt[]): void {
  const byKey = mostAtOnce(attempts, ({ queue, key }) => key && `${queue} ${key}`);
  const byQueue = mostAtOnce(attempts, ({ queue }) => queue);
  const mostOf = (queue: string) =>
    Math.max(...[...byKey].filter(([group]) => group.startsWith(`${queue} `)).map(([, n]) => n));
  const most = [mostOf("one"), mostOf("three"), byQueue.get("four") ?? 0, byQueue.get("both") ?? 0, mostOf("both")];
  for (const [index, limit] of [1, 3, 4, 5, 2].entries()) {
    expect(most[index]).toBeLessThanOrEqual(limit);
    // Else nothing was put to the test.
    expect(most[index]).toBeGreaterThanOrEqual(Math.min(limit, 2));
  }
}

const isAllDone = async () => (await count("jobs")) === 0;

async function expectNothingLeft(): Promise<void> {
  await store.admitHeld();
  for (const table of ["ready", "held", "scheduled", "claims", "key_checks", "key_slots where used > 0"])
    expect([table, await count(table)]).toEqual([table, 0]);
}

describe("limits", () => {
  it("hold at every instant while claims, all kinds of ends, rescues and cancels race on many connections, and every slot comes back", async () => {
    await fill(120);
    const attempts = new Map<string, Attempt>();
    let over = false;
    const isOver = () => over;
    const databases = Array.from({ length: 4 }, () =>
      createDatabase({ ...patient, url: test.url, poolMax: 2, session: hotSession }),
    );
    const stores = databases.map(createPostgresJobStore);
    const working = stores.map((each) =>
      workLimits({
        store: each,
        tenantId,
        leaseMs: 1_000,
        isOver,
        onStart: (token, attempt) => attempts.set(token, { ...attempt, toMs: Number.POSITIVE_INFINITY }),
        onEnd(token, toMs) {
          const attempt = attempts.get(token);
          if (attempt !== undefined) attempts.set(token, { ...attempt, toMs });
        },
        abandoned: 0.05,
        holdMsMax: 8,
      }),
    );
    const upkeep = stores.slice(0, 2).map((each) => keepUp(each, isOver));
    await until(isAllDone, 120_000);
    over = true;
    await Promise.all([...working, ...upkeep]);
    await Promise.all(stores.map((each) => each.close()));
    await Promise.all(databases.map((each) => each.close()));
    expect(attempts.size).toBeGreaterThan(400);
    expectLimitsHeld([...attempts.values()]);
    await expectNothingLeft();
  }, 180_000);

  it("hold over processes that are killed at any point, whose slots come back with the rescue of their leases", async () => {
    await fill(100);
    const attempts = new Map<string, Attempt>();
    const killedMs = new Map<number, number>();
    const processes = new Set<ChildProcess>();
    const start = () => {
      const child = spawn(
        process.execPath,
        [
          "--conditions=@millrace/source",
          fileURLToPath(new URL("limits-process.test.support.ts", import.meta.url)),
          test.url,
          tenantId,
          "1000",
        ],
        { stdio: ["pipe", "pipe", "inherit"] },
      );
      const own = new Set<string>();
      createInterface({ input: child.stdout }).on("line", (line) => {
        const { token, ...seen } = JSON.parse(line) as { token: string } & Partial<Attempt>;
        own.add(token);
        attempts.set(token, {
          queue: "",
          key: null,
          fromMs: 0,
          toMs: Number.POSITIVE_INFINITY,
          ...attempts.get(token),
          ...seen,
        });
      });
      const closed = new Promise<void>((resolve) => {
        child.once("close", () => {
          processes.delete(child);
          const killed = killedMs.get(child.pid ?? 0) ?? clockMs();
          for (const token of own) {
            const attempt = attempts.get(token);
            if (attempt !== undefined) attempts.set(token, { ...attempt, toMs: Math.min(attempt.toMs, killed) });
          }
          resolve();
        });
      });
      processes.add(child);
      return { child, closed };
    };
    const running = [start(), start(), start()];
    const killsMin = 3;
    let kills = 0;
    await until(async () => {
      const seen = attempts.size;
      await until(() => Promise.resolve(attempts.size > seen + 30 || isAllDone()), 60_000);
      const victim = running.shift();
      if (victim !== undefined && kills < 6) {
        killedMs.set(victim.child.pid ?? 0, clockMs());
        victim.child.kill("SIGKILL");
        kills++;
        await victim.closed;
        running.push(start());
      } else if (victim !== undefined) running.push(victim);
      if (!(await isAllDone())) return false;
      // They were faster than those who kill them.
      if (kills < killsMin) await fill(50);
      return kills >= killsMin;
    }, 240_000);
    for (const { child, closed } of running) {
      child.stdin?.end();
      await closed;
    }
    expect(kills).toBeGreaterThanOrEqual(killsMin);
    expectLimitsHeld([...attempts.values()]);
    await expectNothingLeft();
  }, 300_000);

  it("let no more jobs start in any time than the bucket holds and gets in it, by the database's clock", async () => {
    const rate = { limit: 50, periodMs: 1_000, burst: 8 };
    await store.putQueueSettings({ tenantId, queue: "rated" }, { rateLimit: rate });
    await add(120, { queue: "rated" });
    const stores = [store, createPostgresJobStore(test.database), createPostgresJobStore(test.database)];
    await Promise.all(
      stores.map((each) =>
        until(async () => {
          await each.claimJobs({ queues: ["rated"], limit: 20, leaseMs: 60_000, worker: "w" });
          return (await count("ready")) === 0;
        }),
      ),
    );
    const started = (
      await query<{ ms: number }>(
        "select extract(epoch from started_at)::float8 * 1000 as ms from millrace.jobs order by started_at",
      )
    ).map(({ ms }) => ms);
    expect(started).toHaveLength(120);
    for (const [from, fromMs] of started.entries()) {
      for (let to = from; to < started.length; to++) {
        const most = rate.burst + ((started[to] ?? 0) - fromMs) * (rate.limit / rate.periodMs);
        expect(to - from + 1).toBeLessThanOrEqual(most + 0.01);
      }
    }
  });

  it("let no fewer start than the bucket has got meanwhile, up to what it holds", async () => {
    // A token takes half an hour, so that none comes while the test runs.
    await store.putQueueSettings(
      { tenantId, queue: "rated" },
      { rateLimit: { limit: 48, periodMs: 86_400_000, burst: 8 } },
    );
    await add(40, { queue: "rated" });
    const claim = async () =>
      (await store.claimJobs({ queues: ["rated"], limit: 20, leaseMs: 60_000, worker: "w" })).length;
    const pass = (minutes: number) =>
      query(`update millrace.queue_settings set rate_refilled_at = rate_refilled_at - interval '${minutes} minutes'`);
    expect([await claim(), await claim()]).toEqual([8, 0]);
    await pass(91);
    expect([await claim(), await claim()]).toEqual([3, 0]);
    await pass(6_000);
    expect([await claim(), await claim()]).toEqual([8, 0]);
  });

  it("go on from now when the clock has been set back, and lease from now", async () => {
    await store.putQueueSettings({ tenantId, queue: "rated" }, { rateLimit: { limit: 20, periodMs: 1_000, burst: 1 } });
    await add(2, { queue: "rated" });
    const claim = () => store.claimJobs({ queues: ["rated"], limit: 1, leaseMs: 1_000, worker: "w" });
    expect(await claim()).toHaveLength(1);
    await query("update millrace.queue_settings set rate_refilled_at = now() + interval '1 hour'");
    await until(async () => (await claim()).length === 1);
    expect(await query(`select lease_expires_at < now() + interval '2 s' as soon from millrace.claims`)).toEqual([
      { soon: true },
      { soon: true },
    ]);
  });

  it("make no admission wait for another one that looks at the same key, whose row goes when nobody uses it", async () => {
    await query("insert into millrace.key_slots values ('acme', 'default', 'k', 1), ('acme', 'default', 'used', 1)");
    await query("insert into millrace.key_checks values ('acme', 'default', 'k', 1)");
    const [first, second] = [await test.database.connect(), await test.database.connect()];
    const admit = { name: "test", text: "select keys from millrace.admit(10)" };
    await first.exec("begin");
    expect(await first.query(admit)).toEqual([{ keys: 1 }]);
    expect(await second.query(admit)).toEqual([{ keys: 0 }]);
    await store.sweepKeys(10);
    expect(await count("key_slots")).toBe(2);
    await first.exec("commit");
    await store.sweepKeys(10);
    expect(await query("select concurrency_key from millrace.key_slots")).toEqual([{ concurrency_key: "used" }]);
    await Promise.all([first.close(), second.close()]);
  });

  it("hold up no key behind a job that somebody deletes and has not committed, and look at its key again", async () => {
    await add(1, { concurrencyKey: "slow" });
    await store.admitHeld();
    const [running] = await store.claimJobs({ limit: 1, leaseMs: 60_000, worker: "w" });
    if (running === undefined) throw new Error("a job expected");
    await add(1, { concurrencyKey: "slow" });
    await store.admitHeld();
    const deleting = await test.database.connect();
    await deleting.exec("begin");
    await deleting.exec("delete from millrace.held");
    await store.completeJobs([{ leaseToken: running.leaseToken, result: null }]);
    await add(1, { concurrencyKey: "other" });
    await store.admitHeld();
    const claimKeys = async () => {
      const claimed = await store.claimJobs({ limit: 5, leaseMs: 60_000, worker: "w" });
      return claimed.map(({ job }) => job.concurrencyKey);
    };
    expect(await claimKeys()).toEqual(["other"]);
    expect(await store.admitHeld()).toBe(0);
    await deleting.exec("rollback");
    await store.admitHeld();
    expect(await claimKeys()).toEqual(["slow"]);
    await deleting.close();
  });

  it("let jobs in some thousands at a time, a share of each key, until none is left to let in", async () => {
    await store.putQueueSettings({ tenantId, queue: "wide" }, { concurrencyPerKey: 4_000 });
    await query(
      `insert into millrace.held select 'acme', 'wide', 'k' || n % 2, 0, now(), gen_random_uuid(), 't' from generate_series(1, 12000) n`,
    );
    await query("insert into millrace.key_checks values ('acme', 'wide', 'k0', 0), ('acme', 'wide', 'k1', 0)");
    expect(await query("select keys from millrace.admit(500)")).toEqual([{ keys: 2 }]);
    const used = () => query("select used from millrace.key_slots order by concurrency_key");
    expect(await used()).toEqual([{ used: 2_500 }, { used: 2_500 }]);
    await store.admitHeld();
    expect(await used()).toEqual([{ used: 4_000 }, { used: 4_000 }]);
    expect([await count("held"), await count("ready"), await count("key_checks")]).toEqual([4_000, 8_000, 0]);
  });

  it("wake workers when a queue is resumed, a limit is raised, or a running job makes room", async () => {
    const heard: string[] = [];
    const subscription = await test.database.listen("millrace_jobs", (payload) => heard.push(payload));
    const hears = async (act: () => Promise<unknown>) => {
      heard.length = 0;
      await act();
      await expect.poll(() => heard.join()).toContain('"woken"');
    };
    const ref = { tenantId, queue: "woken" };
    await store.pauseQueue(ref);
    await add(3, { queue: "woken" });
    await hears(() => store.resumeQueue(ref));
    await hears(() => store.putQueueSettings(ref, { concurrency: 1 }));
    const [claimed] = await store.claimJobs({ queues: ["woken"], limit: 5, leaseMs: 60_000, worker: "w" });
    if (claimed === undefined) throw new Error("a job expected");
    await hears(() => store.completeJobs([{ leaseToken: claimed.leaseToken, result: null }]));
    await hears(() => store.createJobs([newJob({ tenantId, queue: "woken", concurrencyKey: "k" })]));
    await subscription.close();
  });
});
