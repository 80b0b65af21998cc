import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { MillraceError } from "@millrace/contract";
import {
  type ClaimedJob,
  type Database,
  createDatabase,
  createPostgresJobStore,
  type JobStore,
} from "@millrace/storage";
import { patient, type TestDatabase, testDatabase } from "@millrace/storage/testing";
import { createMetrics, silentLogger } from "@millrace/telemetry";

import { type ClaimDesk, type ClaimDeskOptions, createClaimDesk } from "./claim-desk.ts";

let own: TestDatabase;
/** Of the desk. */
let db: Database;
let store: JobStore;
/** Another process's way to the database. */
let elsewhere: JobStore;
let statements: string[];
let closing: (() => Promise<void>)[];

beforeEach(async () => {
  own = await testDatabase();
  statements = [];
  db = createDatabase({ ...patient, url: own.url, observer: { statement: noteStatement } });
  store = createPostgresJobStore(db);
  elsewhere = createPostgresJobStore(own.database);
  closing = [];
  Object.assign(wakeups, { notify: 0, poll: 0 });
});
afterEach(async () => {
  for (const close of closing.toReversed()) await close();
  await elsewhere.close();
  await store.close();
  await db.close();
  await own.close();
});

/** Now and then a desk reports its workers, whatever else it does. */
function noteStatement(name: string): void {
  if (name !== "workers.report") statements.push(name);
}

const wakeups = { notify: 0, poll: 0 };
const metrics: ClaimDeskOptions["metrics"] = {
  ...createMetrics({ service: "api", version: "0", defaultMetrics: false }),
  wakeupsTotal: { inc: ({ source }) => void wakeups[source]++ },
};
const never = new AbortController().signal;

function openDesk(options: Partial<ClaimDeskOptions> = {}): ClaimDesk {
  const desk = createClaimDesk({ store, listen: db.listen, logger: silentLogger, metrics, ...options });
  closing.push(() => desk.close());
  return desk;
}

/** A desk that hears notifications and doesn't poll. `onNotified` is called after each one. */
async function openListeningDesk(options: Partial<ClaimDeskOptions> = {}, onNotified = () => {}): Promise<ClaimDesk> {
  const listening = Promise.withResolvers<void>();
  const desk = openDesk({
    listen: (channel, onNotify, onState) =>
      db.listen(
        channel,
        (payload) => {
          onNotify(payload);
          onNotified();
        },
        (connected) => {
          onState(connected);
          if (connected) listening.resolve();
        },
      ),
    pollIntervalMs: 3_600_000,
    deafPollIntervalMs: 3_600_000,
    ...options,
  });
  const abort = new AbortController();
  const first = wait(desk, "first", abort.signal);
  await listening.promise;
  abort.abort();
  await first;
  return desk;
}

const request = (queue: string, more: object = {}) => ({
  tenantId: "acme",
  queues: [queue],
  limit: 1,
  leaseMs: 30_000,
  worker: "w",
  ...more,
});

const enqueue = (queue: string) =>
  elsewhere.createJob({ tenantId: "acme", queue, type: "t", payload: "{}", priority: 0, maxAttempts: 3, tags: [] });

const wait = (desk: ClaimDesk, queue: string, signal = never, waitMs = 60_000) =>
  desk.claim(request(queue), { waitMs, signal });

/** No statement has come for a quarter of a second, and none is under way. */
async function quiet(): Promise<void> {
  let seen = -1;
  await expect
    .poll(
      () => {
        const isQuiet = seen === statements.length && db.stats().inUse === 0;
        seen = statements.length;
        return isQuiet;
      },
      { interval: 250, timeout: 20_000 },
    )
    .toBe(true);
}

const ids = (claimed: readonly ClaimedJob[]) => claimed.map(({ job }) => job.id);
const claims = () => statements.filter((name) => name === "jobs.claim").length;

describe("a wait for jobs", () => {
  test("ends with a job that another process enqueues", async () => {
    const desk = await openListeningDesk();
    const waiting = wait(desk, "q");
    await expect.poll(claims).toBeGreaterThan(1);
    const { job } = await enqueue("q");
    expect(ids(await waiting)).toEqual([job.id]);
  });

  test("ends at once where there are jobs, with nothing when its time is over, or when its caller has gone", async () => {
    const desk = await openListeningDesk();
    const { job } = await enqueue("q");
    expect(ids(await wait(desk, "q"))).toEqual([job.id]);
    expect(await wait(desk, "q", never, 30)).toEqual([]);
    expect(await wait(desk, "q", AbortSignal.abort())).toEqual([]);
    const abort = new AbortController();
    const waiting = wait(desk, "q", abort.signal);
    abort.abort();
    expect(await waiting).toEqual([]);
    expect((await enqueue("q")).job.status).toBe("pending");
  });

  test("costs the database nothing: of a thousand, a job for another queue causes one claim, and a job for all of them two", async () => {
    const desk = await openListeningDesk();
    const abort = new AbortController();
    const waiting = Array.from({ length: 1_000 }, () => wait(desk, "idle", abort.signal));
    const other = wait(desk, "other");
    await expect.poll(claims).toBeGreaterThan(9);
    await quiet();

    statements.length = 0;
    const { job } = await enqueue("other");
    expect(ids(await other)).toEqual([job.id]);
    expect(statements).toEqual(["jobs.claim"]);

    statements.length = 0;
    const one = await enqueue("idle");
    expect(ids(await Promise.race(waiting))).toEqual([one.job.id]);
    await quiet();
    abort.abort();
    const answers = await Promise.all(waiting);
    expect(answers.flat()).toHaveLength(1);
    expect(statements).toEqual(["jobs.claim", "jobs.claim"]);
  });

  test("is not cut short by a wake that came while its first claim was under way", async () => {
    const claimed = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    let isFirst = true;
    const slow: JobStore = {
      ...store,
      async claimJobs(asked) {
        const answer = await store.claimJobs(asked);
        if (isFirst && asked.queues?.includes("q") === true) {
          isFirst = false;
          claimed.resolve();
          await goOn.promise;
        }
        return answer;
      },
    };
    const told = Promise.withResolvers<void>();
    const desk = await openListeningDesk({ store: slow }, told.resolve);
    const waiting = wait(desk, "q");
    await claimed.promise;
    const { job } = await enqueue("q");
    await told.promise;
    goOn.resolve();
    expect(ids(await waiting)).toEqual([job.id]);
  });
});

describe("behind the notifications", () => {
  test("there is a poll, with one claim for all who wait for the same", async () => {
    const desk = openDesk({ listen: undefined, deafPollIntervalMs: 20 });
    const abort = new AbortController();
    const waiting = Array.from({ length: 200 }, () => wait(desk, "q", abort.signal));
    const types = desk.claim(request("q", { types: ["t"] }), { waitMs: 60_000, signal: abort.signal });
    await expect.poll(() => wakeups.poll).toBeGreaterThan(5);

    statements.length = 0;
    const before = wakeups.poll;
    await expect.poll(() => wakeups.poll - before).toBeGreaterThan(10);
    await expect.poll(claims).toBeGreaterThan(1);
    // One for each of the two kinds, and not one for each of the 200; what the first claims set off may still have been under way.
    expect(claims()).toBeLessThanOrEqual(2 * (wakeups.poll - before) + 12);
    const { job } = await enqueue("q");
    expect(ids(await Promise.race([...waiting, types]))).toEqual([job.id]);
    abort.abort();
    await Promise.all(waiting);
  });

  test("jobs that no notification announced are found, and those that were missed at once when it is heard again", async () => {
    const heard = Promise.withResolvers<(connected: boolean) => void>();
    const desk = openDesk({
      listen: (_channel, _onNotify, onState) => {
        heard.resolve(onState);
        onState(true);
        return Promise.resolve({ close: () => Promise.resolve() });
      },
      pollIntervalMs: 50,
      deafPollIntervalMs: 3_600_000,
    });
    const unannounced = wait(desk, "q");
    await expect.poll(claims).toBeGreaterThan(0);
    await enqueue("q");
    expect(await unannounced).toHaveLength(1);

    const onState = await heard.promise;
    onState(false);
    const missed = wait(desk, "q");
    await quiet();
    await enqueue("q");
    onState(true);
    expect(await missed).toHaveLength(1);
  });

  test("an outage is waited out by who waits longer, and told to whose time is over", async () => {
    let isDown = false;
    let refusals = 0;
    const desk = openDesk({
      store: {
        ...store,
        claimJobs(asked) {
          if (!isDown) return store.claimJobs(asked);
          refusals++;
          return Promise.reject(new MillraceError("UNAVAILABLE", "Away."));
        },
      },
      deafPollIntervalMs: 20,
      listen: undefined,
    });
    const abort = new AbortController();
    const long = wait(desk, "q");
    const short = wait(desk, "q", abort.signal);
    await expect.poll(() => wakeups.poll).toBeGreaterThan(5);
    isDown = true;
    const before = wakeups.poll;
    await expect.poll(() => wakeups.poll - before).toBeGreaterThan(5);
    await expect.poll(() => refusals).toBeGreaterThan(0);
    abort.abort();
    await expect(short).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(wait(desk, "other")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    isDown = false;
    const { job } = await enqueue("q");
    expect(ids(await long)).toEqual([job.id]);
  });
});

describe("what is handed back", () => {
  test("has its attempt again, and goes to the next who waits", async () => {
    const desk = await openListeningDesk();
    const { job } = await enqueue("q");
    const gone = await wait(desk, "q");
    const next = wait(desk, "q");
    await quiet();
    desk.handBack(gone);
    expect(await next).toMatchObject([{ job: { id: job.id, attempts: 1 } }]);
  });

  test("is left to its lease when the database is away, and the desk can be closed all the same", async () => {
    const desk = openDesk({ store: { ...store, releaseJobs: () => Promise.reject(new Error("away")) } });
    const { job } = await enqueue("q");
    desk.handBack(await desk.claim(request("q")));
    await desk.close();
    expect((await elsewhere.getJob(job)).status).toBe("running");
  });

  test("is written before the desk is closed", async () => {
    const desk = openDesk();
    const { job } = await enqueue("q");
    desk.handBack(await desk.claim(request("q")));
    await desk.close();
    expect((await elsewhere.getJob(job)).status).toBe("pending");
  });
});

describe("a desk that is closed", () => {
  test("has answered all that wait", async () => {
    const desk = await openListeningDesk();
    const waiting = [wait(desk, "q"), wait(desk, "q"), wait(desk, "other")];
    await quiet();
    await desk.close();
    expect(await Promise.all(waiting)).toEqual([[], [], []]);
  });
});
