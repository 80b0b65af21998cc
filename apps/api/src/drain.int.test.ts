import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type TestDatabase, testDatabase } from "@millrace/storage/testing";

import { holdTimers } from "./testing/hold-timers.ts";
import { openSocket, parseReply } from "./testing/open-socket.ts";
import { type TestApi, startTestApi } from "./testing/start-test-api.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

/** The delay of a drain, which no other timer has, and the grace that has to be longer. */
const drainDelayMs = 51_234;
const delayed = { "server.drainDelayMs": drainDelayMs, "server.shutdownGraceMs": 60_000 };

/** An API whose listing of queues can be held up. */
async function startHeld(values: Readonly<Record<string, unknown>> = {}) {
  const entered = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const api = await startTestApi({
    database,
    values,
    replace: (composition) => ({
      ...composition,
      store: {
        ...composition.store,
        async queueStats(filter) {
          entered.resolve();
          await released.promise;
          return composition.store.queueStats(filter);
        },
      },
    }),
  });
  return { api, entered: entered.promise, release: () => released.resolve() };
}

const canConnect = (api: TestApi) =>
  fetch(`${api.url}/v1/health`).then(
    () => true,
    () => false,
  );

describe("a stop in good order", () => {
  test("is unready at once, goes on serving for the delay, then takes no new connection", async () => {
    const api = await startTestApi({ database, values: delayed });
    const { key } = await api.makeKey();
    await expect.poll(async () => (await api.ask("GET /v1/ready")).status).toBe(200);
    const endDelay = holdTimers(drainDelayMs);
    const drained = api.drain();
    const unready = await api.ask("GET /v1/ready");
    expect([unready.status, unready.json.checks.at(-1)]).toEqual([
      503,
      { name: "serving", ok: false, problem: "The process is stopping." },
    ]);
    expect((await api.ask("POST /v1/jobs", { key, body: { type: "t" } })).status).toBe(201);
    endDelay();
    await drained;
    expect(await canConnect(api)).toBe(false);
    await api.close();
  });

  test("lets what is under way end, and closes its connection", async () => {
    const { api, entered, release } = await startHeld();
    const { key } = await api.makeKey();
    const socket = await openSocket(api.port);
    socket.send(`GET /v1/queues HTTP/1.1\r\nHost: a\r\nX-API-Key: ${key}\r\n\r\n`);
    await entered;
    const drained = api.drain();
    await expect.poll(() => canConnect(api)).toBe(false);
    release();
    await drained;
    const reply = parseReply(await socket.closed());
    expect([reply.status, reply.headers["connection"]]).toEqual([200, "close"]);
    await api.close();
  });

  test("closes connections that are idle", async () => {
    const api = await startTestApi({ database });
    const socket = await openSocket(api.port);
    socket.send("GET /v1/health HTTP/1.1\r\nHost: a\r\n\r\n");
    await socket.receive(/"ok"/);
    await api.drain();
    expect(parseReply(await socket.closed()).status).toBe(200);
    await api.close();
  });

  test("ends long polls early, with the job as it stands", async () => {
    const waited = Promise.withResolvers<void>();
    const api = await startTestApi({
      database,
      replace: (composition) => ({
        ...composition,
        store: {
          ...composition.store,
          getJob(ref) {
            waited.resolve();
            return composition.store.getJob(ref);
          },
        },
      }),
    });
    const { key } = await api.makeKey();
    const { json } = await api.ask("POST /v1/jobs", { key, body: { type: "t" } });
    const waiting = api.ask(`GET /v1/jobs/${json.id}/wait?timeoutMs=60000`, { key });
    await waited.promise;
    // Its grace is shorter than the wait: what doesn't end early is cut off.
    await api.drain();
    const reply = await waiting;
    expect([reply.status, reply.json.status]).toEqual([202, "pending"]);
    await api.close();
  });

  test("lets no wait begin meanwhile, but answers what needs none, and asks for another connection each time", async () => {
    const api = await startTestApi({ database, values: delayed });
    const { key } = await api.makeKey();
    const claim = (waitMs: number) =>
      api.ask("POST /v1/leases/claim", { key, body: { queues: ["drained"], worker: "w", waitMs } });
    const pending = (await api.ask("POST /v1/jobs", { key, body: { type: "t" } })).json.id;
    const over = (await api.ask("POST /v1/jobs", { key, body: { type: "t" } })).json.id;
    await api.ask(`POST /v1/jobs/${over}/cancel`, { key });
    const waiting = claim(60_000);
    await expect.poll(async () => (await api.ask("GET /v1/metrics")).text).toMatch(/millrace_claims_total\{.*\} [1-9]/);

    const endDelay = holdTimers(drainDelayMs);
    const drained = api.drain();
    expect((await waiting).status).toBe(200);
    for (const reply of [await claim(60_000), await api.ask(`GET /v1/jobs/${pending}/wait`, { key })]) {
      expect([reply.status, reply.json["code"], reply.headers.get("retry-after")]).toEqual([503, "UNAVAILABLE", "1"]);
      expect(reply.headers.get("connection")).toBe("close");
    }
    expect((await claim(0)).status).toBe(200);
    expect((await api.ask(`GET /v1/jobs/${pending}/wait?timeoutMs=0`, { key })).status).toBe(202);
    expect((await api.ask(`GET /v1/jobs/${over}/wait`, { key })).status).toBe(200);
    endDelay();
    await drained;
    await api.close();
  });

  test("cuts what takes longer than the grace period, and says so", async () => {
    const { api, entered, release } = await startHeld({ "server.shutdownGraceMs": 100 });
    const { key } = await api.makeKey();
    const cut = fetch(`${api.url}/v1/queues`, { headers: { "x-api-key": key } }).catch((error: unknown) => error);
    await entered;
    await api.drain();
    expect(await cut).toBeInstanceOf(TypeError);
    expect(api.logs.find(({ level }) => level === "warn")).toMatchObject({ connections: 1 });
    release();
    await api.close();
  });

  test("may be asked for twice, and before anything listens", async () => {
    const api = await startTestApi({ database });
    await Promise.all([api.drain(), api.drain()]);
    await api.close();
    await api.close();
    expect(await canConnect(api)).toBe(false);
  });
});
