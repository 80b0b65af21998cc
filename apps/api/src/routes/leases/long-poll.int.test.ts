import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type TestDatabase, testDatabase } from "@millrace/storage/testing";

import { openSocket, parseReply } from "../../testing/open-socket.ts";
import {
  type Reply,
  type TestApi,
  type TestApiOptions,
  type TestKey,
  startTestApi,
} from "../../testing/start-test-api.ts";

let database: TestDatabase;
let api: TestApi;
/** Another process's API on the same database. */
let elsewhere: TestApi;
let own: TestKey;

beforeAll(async () => {
  database = await testDatabase();
  api = await startTestApi({ database });
  elsewhere = await startTestApi({ database });
  own = await api.makeKey();
});
afterAll(async () => {
  await elsewhere.close();
  await api.close();
  await database.close();
});

const enqueue = async (queue: string) =>
  (await elsewhere.ask("POST /v1/jobs", { key: own.key, body: { type: "t", queue } })).json.id;
const read = async (id: string) => (await elsewhere.ask(`GET /v1/jobs/${id}`, { key: own.key })).json;
const wait = (queue: string, waitMs = 60_000, at = api, key = own.key): Promise<Reply> =>
  at.ask("POST /v1/leases/claim", { key, body: { queues: [queue], worker: "w", waitMs } });
const idsOf = ({ json }: Reply) => json.items.map((item) => (item["job"] as { id: string }).id);

/** How many claims a process has made so far. */
async function claims(of = api): Promise<number> {
  const { text } = await of.ask("GET /v1/metrics");
  return sum(text, "millrace_claims_total");
}

/** How often a process has woken those whose claims wait. */
async function wakes(of: TestApi): Promise<number> {
  const { text } = await of.ask("GET /v1/metrics");
  return sum(text, "millrace_wakeups_total");
}

/** A process has made no claim for a quarter of a second. */
async function quiet(of: TestApi): Promise<void> {
  let seen = -1;
  const isQuiet = async () => {
    const before = seen;
    seen = await claims(of);
    return seen === before;
  };
  await expect.poll(isQuiet, { interval: 250, timeout: 20_000 }).toBe(true);
}

function sum(text: string, name: string): number {
  const samples = text.split("\n").filter((line) => line.startsWith(`${name}{`));
  return samples.reduce((total, line) => total + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

/** A claim that waits, over a connection that the test can cut. */
async function waitOnSocket(queue: string, at = api) {
  const body = JSON.stringify({ queues: [queue], worker: "w", waitMs: 60_000 });
  const socket = await openSocket(at.port);
  socket.send(
    `POST /v1/leases/claim HTTP/1.1\r\nHost: a\r\nX-API-Key: ${own.key}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  return socket;
}

/** The log line of a claim whose client had gone. */
const gone = (of: TestApi) => () => of.logs.some(({ route, status }) => route === "/v1/leases/claim" && status === 499);

/** An API whose claims from a queue are held up after the database has answered. */
async function startHeld(queue: string, options: TestApiOptions = {}) {
  const claimed = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const held = await startTestApi({
    database,
    ...options,
    replace: (composition) => ({
      ...composition,
      store: {
        ...composition.store,
        async claimJobs(request) {
          const answer = await composition.store.claimJobs(request);
          if (answer.length > 0 && request.queues?.includes(queue) === true) {
            claimed.resolve();
            await goOn.promise;
          }
          return answer;
        },
      },
    }),
  });
  return { held, claimed: claimed.promise, goOn: goOn.resolve };
}

describe("a claim that waits", () => {
  test("is answered with a job that another process enqueues", async () => {
    const before = await claims();
    const waiting = wait("long");
    await expect.poll(() => claims()).toBeGreaterThan(before);
    const id = await enqueue("long");
    expect(idsOf(await waiting)).toEqual([id]);
  });

  test("is answered with nothing when its time is over, also past the time that a request may take to arrive", async () => {
    const impatient = await startTestApi({
      database,
      values: { "server.requestTimeoutMs": 5_000, "server.headersTimeoutMs": 5_000 },
    });
    const startMs = performance.now();
    const reply = await wait("nothing", 6_500, impatient);
    expect([reply.status, reply.json.items]).toEqual([200, []]);
    expect(performance.now() - startMs).toBeGreaterThan(6_400);
    await impatient.close();
  });

  test("is 429 beyond the bound of all, and beyond a quarter of it for one tenant", async () => {
    const claimers = new Set<string | undefined>();
    const small = await startTestApi({
      database,
      claimWaitersMax: 4,
      replace: (composition) => ({
        ...composition,
        store: {
          ...composition.store,
          claimJobs(request) {
            claimers.add(request.tenantId);
            return composition.store.claimJobs(request);
          },
        },
      }),
    });
    const tenants = ["t1", "t2", "t3", "t4", "t5"];
    const keys = await Promise.all(tenants.map((tenantId) => small.makeKey({ tenantId })));
    const [first, ...others] = keys;
    const waiting: Promise<Reply>[] = [];
    const hold = async ({ key, tenantId }: TestKey) => {
      waiting.push(wait("bounded", 60_000, small, key));
      await expect.poll(() => claimers.has(tenantId)).toBe(true);
    };
    await hold(first!);
    const refused = await wait("bounded", 60_000, small, first?.key);
    expect([refused.status, refused.json.code, refused.headers.get("retry-after")]).toEqual([429, "RATE_LIMITED", "1"]);
    // One that doesn't wait takes no place.
    expect((await wait("bounded", 0, small, first?.key)).status).toBe(200);
    for (const other of others.slice(0, 3)) await hold(other);
    expect((await wait("bounded", 60_000, small, others[3]?.key)).status).toBe(429);
    await small.drain();
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual(waiting.map(() => 200));
    await small.close();
  });

  test("costs nothing while nothing comes: a thousand of them make no claim, and share those that a job causes", async () => {
    const count = 1_000;
    const idle = await startTestApi({ database, claimWaitersMax: 4 * count });
    const other = await idle.makeKey({ tenantId: "other" });
    const abort = new AbortController();
    let answered = 0;
    const one = async (): Promise<void> => {
      const response = await fetch(`${idle.url}/v1/leases/claim`, {
        method: "POST",
        signal: abort.signal,
        headers: { authorization: `Bearer ${own.key}`, "content-type": "application/json" },
        body: JSON.stringify({ queues: ["idle"], worker: "w", waitMs: 60_000 }),
      });
      const text = await response.text();
      // The one that looks below whether all of them wait may have had its place.
      if (response.status === 429) return one();
      answered += JSON.parse(text).items.length;
    };
    const waiting = Array.from({ length: count }, () => one().catch(() => undefined));
    // One more is refused: all of them wait.
    const oneMore = async () => (await wait("idle", 1, idle)).status;
    await expect.poll(oneMore, { timeout: 30_000 }).toBe(429);
    const sentinel = wait("sentinel", 60_000, idle, other.key);
    await quiet(idle);

    const before = await claims(idle);
    const wakesBefore = await wakes(idle);
    const body = { type: "t", queue: "sentinel" };
    const { id } = (await elsewhere.ask("POST /v1/jobs", { key: other.key, body })).json;
    expect(idsOf(await sentinel)).toEqual([id]);
    // One for the sentinel; perhaps those of the poll behind the notifications besides, one for each of the two queues.
    const made = async () => (await claims(idle)) - before - 2 * ((await wakes(idle)) - wakesBefore);
    expect(await made()).toBeLessThan(5);

    await enqueue("idle");
    await expect.poll(() => answered).toBe(1);
    await quiet(idle);
    expect(await made()).toBeLessThan(10);
    abort.abort();
    await Promise.all(waiting);
    expect(answered).toBe(1);
    await idle.close();
  });

  test("is answered at once when the process stops", async () => {
    const stopping = await startTestApi({ database });
    const waiting = wait("drain", 60_000, stopping);
    await expect.poll(() => claims(stopping)).toBeGreaterThan(0);
    await stopping.drain();
    const reply = await waiting;
    expect([reply.status, reply.json.items]).toEqual([200, []]);
    await stopping.close();
  });
});

describe("a client that goes away", () => {
  test("while it waits gets no job claimed", async () => {
    const at = await startTestApi({ database });
    const socket = await waitOnSocket("left", at);
    await expect.poll(() => claims(at)).toBeGreaterThan(0);
    socket.destroy();
    await expect.poll(gone(at)).toBe(true);
    const id = await enqueue("left");
    expect(await read(id)).toMatchObject({ status: "pending", attempts: 0 });
    expect(idsOf(await wait("left", 60_000, at))).toEqual([id]);
    expect(await read(id)).toMatchObject({ status: "running", attempts: 1 });
    await at.close();
  });

  test.each([
    ["that waits", 60_000],
    ["that doesn't wait", 0],
  ])("at the moment of the claim, %s, has the jobs handed back with their attempts", async (_how, waitMs) => {
    const queue = `moment-${waitMs}`;
    const { held, claimed, goOn } = await startHeld(queue);
    const id = await enqueue(queue);
    const abort = new AbortController();
    const cut = fetch(`${held.url}/v1/leases/claim`, {
      method: "POST",
      signal: abort.signal,
      headers: { authorization: `Bearer ${own.key}`, "content-type": "application/json" },
      body: JSON.stringify({ queues: [queue], worker: "w", waitMs }),
    }).catch((error: unknown) => error);
    await claimed;
    expect(await read(id)).toMatchObject({ status: "running", attempts: 1 });
    abort.abort();
    await cut;
    await expect.poll(gone(held)).toBe(true);
    goOn();
    await expect.poll(async () => (await read(id))["status"]).toBe("pending");
    expect(await read(id)).toMatchObject({ attempts: 0, lockedBy: null });
    await held.close();
  });

  test("leaves its jobs to whoever waits next", async () => {
    const { held, claimed, goOn } = await startHeld("next");
    const first = await waitOnSocket("next", held);
    await expect.poll(() => claims(held)).toBeGreaterThan(0);
    const second = await waitOnSocket("next", held);
    const id = await enqueue("next");
    await claimed;
    first.destroy();
    await expect.poll(gone(held)).toBe(true);
    goOn();
    const reply = parseReply(await second.receive(/serverTime/));
    expect([reply.status, reply.body]).toEqual([200, expect.stringContaining(id)]);
    // Not by way of the lease that runs out.
    expect(reply.body).toContain('"attempts":1');
    second.destroy();
    await held.close();
  });
});
