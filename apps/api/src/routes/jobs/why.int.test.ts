import { beforeEach, describe, expect, test, vi } from "vitest";

import { apiOfFile } from "../../testing/api-of-file.ts";
import { type ReplyBody } from "../../testing/start-test-api.ts";

const { api, key } = await apiOfFile();

const ask = (what: string, body?: unknown) => api.ask(what, { key, body });
const seen = (queues?: string[], types?: string[]) =>
  api.composition.store.reportWorkers([{ tenantId: "acme", name: "w", queues, types }]);

let queues = 0;
const newQueue = () => `why-${queues++}`;
const add = async (queue: string, more: object = {}) =>
  (await ask("POST /v1/jobs", { type: "t", queue, ...more })).json.id;
const claim = async (queue: string) =>
  (await ask("POST /v1/leases/claim", { queues: [queue], worker: "claimer" })).json.items as unknown as readonly {
    readonly leaseToken: string;
  }[];

/** The reasons without their sentences, which are there for people. */
async function why(id: string): Promise<{ state: unknown; reasons: readonly object[] }> {
  const { json } = await ask(`GET /v1/jobs/${id}/why`);
  const reasons = (json["reasons"] as readonly ReplyBody[]).map(({ detail, ...reason }) => {
    expect(detail).toMatch(/\w.*\.$/);
    return reason;
  });
  return { state: json["state"], reasons };
}
const any = expect.anything() as unknown;

describe("GET /v1/jobs/{id}/why", () => {
  // A worker counts for a minute.
  beforeEach(() => seen());

  test("BEHIND: how many come before it, by priority and then by time; none for the next one", async () => {
    const queue = newQueue();
    const [first, second] = [await add(queue), await add(queue)];
    const best = await add(queue, { priority: 5 });
    expect(await why(best)).toEqual({ state: "pending", reasons: [{ code: "BEHIND", ahead: 0 }] });
    expect((await why(first)).reasons).toEqual([{ code: "BEHIND", ahead: 1 }]);
    expect((await why(second)).reasons).toEqual([{ code: "BEHIND", ahead: 2 }]);
  });

  test("BEHIND: counts up to 10,000", async () => {
    const queue = newQueue();
    const jobs = Array.from({ length: 5_100 }, () => ({ type: "t", queue }));
    for (let n = 0; n < 2; n++) await ask("POST /v1/jobs/batch", { jobs });
    expect((await why(await add(queue))).reasons).toEqual([{ code: "BEHIND", ahead: 10_000 }]);
  });

  test("NOT_DUE: when it will be", async () => {
    const scheduledAt = new Date(Date.now() + 3_600_000).toISOString();
    const id = await add(newQueue(), { scheduledAt });
    expect((await why(id)).reasons).toEqual([{ code: "NOT_DUE", scheduledAt }]);
  });

  test("PAUSED: since when, beside what else holds", async () => {
    const queue = newQueue();
    const id = await add(queue, { delayMs: 60_000 });
    await ask(`POST /v1/queues/${queue}/pause`);
    expect((await why(id)).reasons).toEqual([
      { code: "NOT_DUE", scheduledAt: any },
      { code: "PAUSED", pausedAt: any },
    ]);
    await ask(`POST /v1/queues/${queue}/resume`);
    expect((await why(id)).reasons).toHaveLength(1);
  });

  test("QUEUE_LIMIT: as long as so many run", async () => {
    const queue = newQueue();
    await ask(`PUT /v1/queues/${queue}`, { concurrency: 1 });
    await add(queue);
    const id = await add(queue);
    const [claimed] = await claim(queue);
    expect((await why(id)).reasons).toEqual([
      { code: "QUEUE_LIMIT", running: 1, limit: 1 },
      { code: "BEHIND", ahead: 0 },
    ]);
    await ask("POST /v1/leases/complete", { items: [{ leaseToken: claimed?.leaseToken }] });
    expect((await why(id)).reasons).toEqual([{ code: "BEHIND", ahead: 0 }]);
  });

  test("RATE_LIMITED: until there is a token", async () => {
    const queue = newQueue();
    await ask(`PUT /v1/queues/${queue}`, { rateLimit: { limit: 1, periodMs: 600_000 } });
    await add(queue);
    const id = await add(queue);
    expect((await why(id)).reasons).toEqual([{ code: "BEHIND", ahead: 1 }]);
    await claim(queue);
    const { reasons } = await why(id);
    expect(reasons).toEqual([
      { code: "RATE_LIMITED", nextTokenInMs: expect.any(Number) as number },
      { code: "BEHIND", ahead: 0 },
    ]);
    const { nextTokenInMs } = reasons[0] as { nextTokenInMs: number };
    expect(nextTokenInMs).toBeGreaterThan(500_000);
    expect(nextTokenInMs).toBeLessThanOrEqual(600_000);
  });

  test("KEY_SATURATED: how many of its key wait before it", async () => {
    const queue = newQueue();
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) ids.push(await add(queue, { concurrencyKey: "k" }));
    await vi.waitFor(async () => expect((await why(ids[0] ?? "")).reasons).toEqual([{ code: "BEHIND", ahead: 0 }]));
    const saturated = [{ code: "KEY_SATURATED", key: "k", limit: 1, ahead: 1 }];
    await vi.waitFor(async () => expect((await why(ids[2] ?? "")).reasons).toEqual(saturated));
    const [claimed] = await claim(queue);
    expect((await why(ids[1] ?? "")).reasons).toEqual([{ code: "KEY_SATURATED", key: "k", limit: 1, ahead: 0 }]);
    await ask("POST /v1/leases/complete", { items: [{ leaseToken: claimed?.leaseToken }] });
    await vi.waitFor(async () => expect((await why(ids[1] ?? "")).reasons).toEqual([{ code: "BEHIND", ahead: 0 }]));
  });

  test("WAITING_FOR: which jobs, and how they are", async () => {
    const queue = newQueue();
    const first = await add(queue);
    const id = await add(queue, { dependsOn: [first] });
    expect((await why(id)).reasons).toEqual([{ code: "WAITING_FOR", jobs: [{ id: first, status: "pending" }] }]);
    const [claimed] = await claim(queue);
    expect((await why(id)).reasons).toEqual([{ code: "WAITING_FOR", jobs: [{ id: first, status: "running" }] }]);
    await ask("POST /v1/leases/complete", { items: [{ leaseToken: claimed?.leaseToken }] });
    expect((await why(id)).reasons).toEqual([{ code: "BEHIND", ahead: 0 }]);
  });

  test("RUNNING, then FINISHED", async () => {
    const queue = newQueue();
    const id = await add(queue);
    const [claimed] = await claim(queue);
    expect(await why(id)).toEqual({
      state: "running",
      reasons: [{ code: "RUNNING", worker: "claimer", startedAt: any, leaseExpiresAt: any }],
    });
    await ask("POST /v1/leases/complete", { items: [{ leaseToken: claimed?.leaseToken }] });
    expect(await why(id)).toEqual({ state: "completed", reasons: [{ code: "FINISHED", completedAt: any }] });
  });
});

describe("NO_WORKER", () => {
  const noWorker = async (id: string) =>
    (await why(id)).reasons.some((reason) => "code" in reason && reason.code === "NO_WORKER");
  const old = () =>
    api.composition.db.query({
      name: "test",
      text: "update millrace.workers set seen_at = now() - interval '61 seconds'",
    });

  test("is said while nobody was seen in the last minute who works its queue and type, for its tenant", async () => {
    const queue = newQueue();
    const id = await add(queue, { type: "special" });
    await vi.waitFor(async () => {
      await old();
      expect(await noWorker(id)).toBe(true);
    });
    for (const [ofQueues, ofTypes, works] of [
      [["other"], undefined, false],
      [undefined, ["other"], false],
      [[queue], ["other", "special"], true],
    ] as const) {
      await seen(ofQueues === undefined ? undefined : [...ofQueues], ofTypes === undefined ? undefined : [...ofTypes]);
      expect(await noWorker(id)).toBe(!works);
    }
    await old();
    await api.composition.store.reportWorkers([{ tenantId: "other", name: "w" }]);
    expect(await noWorker(id)).toBe(true);
    await api.composition.store.reportWorkers([{ name: "of every tenant" }]);
    expect(await noWorker(id)).toBe(false);
  });

  test("is not said while a claim over HTTP waits for such jobs", async () => {
    const [queue, other] = [newQueue(), newQueue()];
    const id = await add(queue, { delayMs: 60_000 });
    await old();
    const waits = ask("POST /v1/leases/claim", { queues: [other, queue], worker: "long", waitMs: 60_000 });
    await vi.waitFor(async () => expect(await noWorker(id)).toBe(false));
    await add(other);
    await waits;
  });

  test("is not said of a worker that is busy with such jobs and asks for no more", async () => {
    const queue = newQueue();
    await add(queue);
    const [next, otherType] = [await add(queue), await add(queue, { type: "special" })];
    const request = { queues: [queue], types: ["t"], worker: "busy" };
    const { json } = await ask("POST /v1/leases/claim", request);
    const [{ leaseToken }] = json.items as unknown as readonly [{ readonly leaseToken: string }];
    // Its claims are over: once its row is there and old, only what it holds tells of it.
    await vi.waitFor(async () => {
      const rows = await api.composition.db.query({
        name: "test",
        text: "select from millrace.workers where name = 'busy'",
      });
      expect(rows).toHaveLength(1);
    });
    await old();
    expect(await noWorker(next)).toBe(false);
    expect(await noWorker(otherType)).toBe(true);
    await ask("POST /v1/leases/complete", { items: [{ leaseToken }] });
    expect(await noWorker(next)).toBe(true);
  });
});
