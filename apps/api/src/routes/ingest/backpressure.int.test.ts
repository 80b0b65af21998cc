import { describe, expect, onTestFinished, test, vi } from "vitest";

import { apiOfTest } from "../../testing/api-of-test.ts";
import { makeTable } from "../../testing/make-table.ts";
import { openSocket } from "../../testing/open-socket.ts";
import type { TestApiOptions } from "../../testing/start-test-api.ts";
import { withBus } from "../../testing/with-bus.ts";

async function open(options: TestApiOptions = {}) {
  const api = await apiOfTest(options);
  const keyOf = async (tenantId: string) => {
    await makeTable(api, { tenantId, name: "clicks", columns: { n: "int64" } });
    return (await api.makeKey({ tenantId })).key;
  };
  return { api, loud: await keyOf("loud"), quiet: await keyOf("quiet") };
}

const records = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, n) => ({ idempotencyKey: `${prefix}${n}`, payload: { n } }));

describe("a tenant of which too much waits to be written", () => {
  test("is told when to send again, and another may send on", async () => {
    const {
      api: at,
      loud,
      quiet,
    } = await open({ values: { "ingest.pendingEventsSoft": 5, "ingest.pendingEventsHard": 10 } });
    const post = (key: string, prefix: string, count: number) =>
      at.ask("POST /v1/ingest/clicks", { key, body: { records: records(prefix, count) } });
    expect((await post(loud, "a", 5)).status).toBe(202);
    const soft = await post(loud, "b", 1);
    expect([soft.status, soft.json.code, soft.json["pendingEvents"]]).toEqual([429, "RATE_LIMITED", 5]);
    expect(Number(soft.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect((await post(quiet, "a", 4)).status).toBe(202);
    // What was sent before is held back as well: whether it is a duplicate is seen only after it was taken.
    expect((await post(loud, "a", 5)).status).toBe(429);
    expect((await post(quiet, "b", 10)).status).toBe(202);
    const hard = await post(quiet, "c", 1);
    expect([hard.status, hard.json.code]).toEqual([503, "UNAVAILABLE"]);
    expect(Number(hard.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
  });

  test("is let in again once it is consumed", async () => {
    const { api: at, loud } = await open({ values: { "ingest.pendingEventsSoft": 5, "ingest.pendingEventsHard": 10 } });
    const post = (prefix: string, count: number) =>
      at.ask("POST /v1/ingest/clicks", { key: loud, body: { records: records(prefix, count) } });
    await post("a", 6);
    expect((await post("b", 1)).status).toBe(429);
    const { bus, db } = at.composition;
    const claim = await bus.claimBatch({ owner: "test", leaseMs: 60_000, limit: 100, bytesMax: 1_000_000 });
    if (claim === undefined) throw new Error("nothing to claim");
    await db.withTransaction((tx) => bus.ack(tx, claim));
    await vi.waitFor(async () => expect((await post("b", 1)).status).toBe(202));
  });

  test("holds an upload back until there is room, instead of failing it", async () => {
    const { api: at, loud } = await open({
      values: { "ingest.pendingEventsSoft": 5, "ingest.pendingEventsHard": 100, "ingest.chunkRecordsMax": 5 },
    });
    const body = records("a", 20)
      .map((record) => `${JSON.stringify(record)}\n`)
      .join("");
    let isOver = false;
    const upload = at
      .ask("POST /v1/ingest/clicks", { key: loud, body, headers: { "content-type": "application/x-ndjson" } })
      .finally(() => (isOver = true));
    const { bus, db } = at.composition;
    let consumed = 0;
    while (!isOver) {
      const claim = await bus.claimBatch({ owner: "test", leaseMs: 60_000, limit: 100, bytesMax: 1_000_000 });
      if (claim === undefined) {
        await Promise.race([
          upload,
          vi.waitFor(async () => expect((await bus.lag(1))?.pendingEvents).toBeGreaterThan(0)),
        ]);
        continue;
      }
      expect(claim.events.length).toBeLessThanOrEqual(15);
      consumed += claim.events.length;
      await db.withTransaction((tx) => bus.ack(tx, claim));
    }
    expect((await upload).json).toMatchObject({ acceptedCount: 20 });
    expect(consumed).toBeLessThanOrEqual(20);
  });
});

describe("a client that waits as long as Retry-After says", () => {
  // In a time of its own, in which one thing happens after the other: what the machine does meanwhile costs none of it.
  test("is taken then, most of the time, while others of its tenant send what they can", async () => {
    const { api: at, loud } = await open({
      values: { "ingest.pendingEventsSoft": 1_000, "ingest.pendingEventsHard": 100_000 },
    });
    const { bus, db } = at.composition;
    let nowMs = performance.now();
    const clock = vi.spyOn(performance, "now").mockImplementation(() => nowMs);
    onTestFinished(() => {
      clock.mockRestore();
    });
    const returns: { readonly saidSeconds: number; readonly status: number }[] = [];
    // Slow enough that a second, the least that is ever said, would be too short.
    const consume = async () => {
      const claim = await bus.claimBatch({ owner: "test", leaseMs: 60_000, limit: 30, bytesMax: 1_000_000 });
      if (claim !== undefined) await db.withTransaction((tx) => bus.ack(tx, claim));
      return 100;
    };
    const sender = (caller: number) => {
      let saidSeconds: number | undefined;
      let sent = 0;
      return async () => {
        const body = { records: records(`${caller}-${sent++}-`, 100) };
        const { status, headers } = await at.ask("POST /v1/ingest/clicks", { key: loud, body });
        if (saidSeconds !== undefined) returns.push({ saidSeconds, status });
        saidSeconds = status === 202 ? undefined : Number(headers.get("retry-after"));
        return saidSeconds === undefined ? 20 : saidSeconds * 1_000;
      };
    };
    const all = [consume, ...Array.from({ length: 10 }, (_, caller) => sender(caller))];
    let turns = all.map((take, index) => ({ atMs: nowMs + index, take }));
    while (returns.length < 30) {
      const [next, ...others] = turns.toSorted((a, b) => a.atMs - b.atMs);
      if (next === undefined) throw new Error("nobody has a turn");
      nowMs = next.atMs;
      turns = [...others, { atMs: nowMs + (await next.take()), take: next.take }];
    }
    const taken = returns.filter(({ status }) => status === 202);
    expect(taken.length / returns.length).toBeGreaterThan(0.5);
    expect(Math.max(...returns.map(({ saidSeconds }) => saidSeconds))).toBeLessThan(60);
  });
});

describe("a flood of one tenant", () => {
  test("takes two places, so another's publish is under way before what is left of it", async () => {
    const underWay: number[] = [];
    const gate = Promise.withResolvers<void>();
    const {
      api: at,
      loud,
      quiet,
    } = await open({
      values: { "ingest.lingerMs": 0 },
      replace: withBus((bus) => ({
        ...bus,
        async publish(tenantNo, ...rest) {
          underWay.push(tenantNo);
          if (underWay[0] === tenantNo) await gate.promise;
          return bus.publish(tenantNo, ...rest);
        },
      })),
    });
    const post = (key: string, prefix: string) =>
      at.ask("POST /v1/ingest/clicks", { key, body: { records: records(prefix, 10) } });
    const entering = vi.spyOn(at.composition.ingestDesk!.turns, "enter");
    const flood = Array.from({ length: 50 }, (_, n) => post(loud, `flood${n}-`));
    await vi.waitFor(() => expect([entering.mock.calls.length, underWay.length]).toEqual([50, 2]));
    expect((await post(quiet, "q")).json).toMatchObject({ acceptedCount: 10 });
    expect(underWay).toHaveLength(3);
    gate.resolve();
    const replies = await Promise.all(flood);
    expect(replies.every(({ json }) => json["acceptedCount"] === 10)).toBe(true);
    // Fifty requests in two first publishes, and those that had gathered behind them.
    expect(underWay.length).toBeLessThan(20);
  });
});

test("others make room for a request until it is answered, refused or cut off, and no longer", async () => {
  const { api: at, loud } = await open();
  const { turns } = at.composition.ingestDesk ?? {};
  if (turns === undefined) throw new TypeError("the composition has no desk");
  const here = new Set<() => void>();
  const { enter } = turns;
  const entering = vi.spyOn(turns, "enter").mockImplementation((tenantId) => {
    const leave = enter(tenantId);
    const left = () => {
      leave();
      here.delete(left);
    };
    here.add(left);
    return left;
  });
  const post = (table: string, body: object | string) => at.ask(`POST /v1/ingest/${table}`, { key: loud, body });
  expect((await post("clicks", { records: records("a", 2) })).status).toBe(202);
  expect((await post("clicks", { records: 1 })).status).toBe(422);
  expect((await post("nothing", { records: records("a", 2) })).status).toBe(404);
  expect([entering.mock.calls, here.size]).toEqual([[["loud"], ["loud"], ["loud"]], 0]);
  const socket = await openSocket(at.port);
  onTestFinished(() => socket.destroy());
  socket.send(
    `POST /v1/ingest/clicks HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${loud}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
  );
  await vi.waitFor(() => expect(here.size).toBe(1));
  socket.destroy();
  await vi.waitFor(() => expect(here.size).toBe(0));
});

describe("what a process holds in memory", () => {
  test("is bounded by tenant: a second body waits outside, another tenant's doesn't", async () => {
    const mebibyte = 1_024 * 1_024;
    const {
      api: at,
      loud,
      quiet,
    } = await open({
      values: {
        "ingest.bodyBytesMax": mebibyte,
        "ingest.tenantMemoryBytesMax": mebibyte,
        "ingest.memoryBytesMax": 4 * mebibyte,
        "ingest.chunkBytesMax": 256 * 1_024,
      },
    });
    const socket = await openSocket(at.port);
    onTestFinished(() => socket.destroy());
    const half = " ".repeat(mebibyte - 100);
    socket.send(
      `POST /v1/ingest/clicks HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${loud}\r\nContent-Type: application/json\r\nContent-Length: ${mebibyte}\r\n\r\n${half}`,
    );
    const memory = at.composition.ingestDesk?.memory;
    await vi.waitFor(() => expect(memory?.bytes()).toBe(half.length));
    const post = (key: string) => at.ask("POST /v1/ingest/clicks", { key, body: { records: records("m", 10) } });
    expect((await post(loud)).json.code).toBe("RATE_LIMITED");
    expect((await post(quiet)).status).toBe(202);
    socket.destroy();
    await vi.waitFor(() => expect(memory?.bytes()).toBe(0));
    expect((await post(loud)).status).toBe(202);
  });
});
