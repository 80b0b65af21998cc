import { describe, expect, test } from "vitest";

import { apiOfFile } from "../../testing/api-of-file.ts";
import { type ReplyBody } from "../../testing/start-test-api.ts";

const { api, key } = await apiOfFile();

const day = 86_400_000;
const defaults = {
  concurrency: null,
  concurrencyPerKey: 1,
  rateLimit: null,
  maxDepth: null,
  retention: { completedMs: 7 * day, deadMs: 30 * day, cancelledMs: 7 * day },
};

const ask = (what: string, body?: unknown) => api.ask(what, { key, ...(body === undefined ? {} : { body }) });
const put = (queue: string, settings: unknown) => ask(`PUT /v1/queues/${queue}`, settings);
const enqueue = (queue: string) => ask("POST /v1/jobs", { type: "t", queue });
const claim = async (queue: string, waitMs = 0): Promise<readonly ReplyBody[]> =>
  (await ask("POST /v1/leases/claim", { queues: [queue], worker: "w", limit: 10, waitMs })).json.items;
const paths = (json: ReplyBody) => json.errors.map(({ path }) => path).toSorted((a, b) => a.localeCompare(b));

describe("PUT /v1/queues/{queue}", () => {
  test("200: replaces all settings of a queue, which need not have had a job, and shows them; again changes nothing", async () => {
    const settings = {
      concurrency: 3,
      rateLimit: { limit: 100, periodMs: 60_000, burst: 5 },
      maxDepth: 1_000,
      retention: { deadMs: 3_600_000 },
    };
    const shown = { ...defaults, ...settings, retention: { ...defaults.retention, deadMs: 3_600_000 } };
    for (let n = 0; n < 2; n++) {
      const { status, json } = await put("new", settings);
      expect([status, json]).toEqual([200, expect.objectContaining({ name: "new", pausedAt: null, settings: shown })]);
    }
    expect((await ask("GET /v1/queues/new")).json["settings"]).toEqual(shown);
    expect((await put("new", { concurrencyPerKey: 2 })).json["settings"]).toEqual({
      ...defaults,
      concurrencyPerKey: 2,
    });
    expect((await put("new", {})).json["settings"]).toEqual(defaults);
  });

  test("200: takes effect at once: concurrency, rate and the slots of a key", async () => {
    await put("bound", { concurrency: 2 });
    for (let n = 0; n < 5; n++) await enqueue("bound");
    expect(await claim("bound")).toHaveLength(2);
    await put("bound", { rateLimit: { limit: 1, periodMs: day } });
    expect(await claim("bound")).toHaveLength(1);
    expect(await claim("bound")).toEqual([]);
    await put("bound", {});
    expect(await claim("bound")).toHaveLength(2);
  });

  test("422: names every setting out of bounds or unknown", async () => {
    const { status, json } = await put("bad", {
      concurrency: 0,
      concurrencyPerKey: 1.5,
      rateLimit: { limit: 1, periodMs: day + 1 },
      maxDepth: 100_001,
      retention: { completedMs: 3_599_999, deadMs: 400 * day + 1 },
      paused: true,
    });
    expect(status).toBe(422);
    expect(paths(json)).toEqual([
      "concurrency",
      "concurrencyPerKey",
      "maxDepth",
      "paused",
      "rateLimit.periodMs",
      "retention.completedMs",
      "retention.deadMs",
    ]);
    expect((await ask("GET /v1/queues/bad")).status).toBe(404);
  });

  test("404: for what is no queue name, and for a queue that the key is not bound to", async () => {
    expect((await put("%F0%9F%99%82", {})).status).toBe(404);
    const bound = await api.makeKey({ queues: ["mine"] });
    const settings = { key: bound.key, body: { concurrency: 1 } };
    expect((await api.ask("PUT /v1/queues/mine", settings)).status).toBe(200);
    expect((await api.ask("PUT /v1/queues/theirs", settings)).status).toBe(404);
    expect((await ask("GET /v1/queues/theirs")).status).toBe(404);
  });

  test("keeps one tenant's settings from another's queue of that name", async () => {
    await put("shared-name", { concurrency: 1 });
    const other = await api.makeKey({ tenantId: "other" });
    await api.ask("POST /v1/jobs", { key: other.key, body: { type: "t", queue: "shared-name" } });
    expect((await api.ask("GET /v1/queues/shared-name", { key: other.key })).json["settings"]).toEqual(defaults);
  });
});

describe("POST /v1/queues/{queue}/pause and /resume", () => {
  test("200: no claim gets a job of a paused queue; a claim that waits is answered when it is resumed", async () => {
    await enqueue("stopped");
    const paused = await ask("POST /v1/queues/stopped/pause");
    expect([paused.status, typeof paused.json["pausedAt"]]).toEqual([200, "string"]);
    expect((await ask("POST /v1/queues/stopped/pause")).json["pausedAt"]).toBe(paused.json["pausedAt"]);
    expect((await ask("GET /v1/queues")).json.items).toContainEqual(
      expect.objectContaining({ name: "stopped", pausedAt: paused.json["pausedAt"] }),
    );
    expect(await claim("stopped")).toEqual([]);
    const waiting = claim("stopped", 30_000);
    await expect.poll(() => api.composition.db.stats().inUse).toBe(0);
    const resumed = await ask("POST /v1/queues/stopped/resume");
    expect([resumed.status, resumed.json["pausedAt"]]).toEqual([200, null]);
    expect(await waiting).toHaveLength(1);
    expect((await ask("POST /v1/queues/stopped/resume")).status).toBe(200);
  });

  test("404: for a queue that isn't there", async () => {
    for (const verb of ["pause", "resume"]) expect((await ask(`POST /v1/queues/nowhere/${verb}`)).status).toBe(404);
  });
});

describe("POST /v1/jobs to a queue with a greatest depth", () => {
  test("429: when it is full, with the time to wait; a batch as a whole", async () => {
    await put("deep", { maxDepth: 3 });
    const batch = (n: number) =>
      ask("POST /v1/jobs/batch", { jobs: Array.from({ length: n }, () => ({ type: "t", queue: "deep" })) });
    expect((await batch(2)).status).toBe(201);
    for (const refused of [await batch(2), await batch(4)]) {
      expect([refused.status, refused.json["code"], refused.json["retryable"]]).toEqual([429, "QUEUE_FULL", true]);
      const seconds = Number(refused.headers.get("retry-after"));
      expect(seconds).toBeGreaterThanOrEqual(1);
      expect(seconds).toBeLessThanOrEqual(60);
    }
    expect((await enqueue("deep")).status).toBe(201);
    expect((await enqueue("deep")).status).toBe(429);
    expect((await enqueue("beside")).status).toBe(201);
    await claim("deep");
    await expect.poll(async () => (await enqueue("deep")).status).toBe(201);
  });
});

describe("without any worker", () => {
  test("the API brings due jobs to where they can be claimed, rescues lost leases and admits what waits for a key", async () => {
    await ask("POST /v1/jobs", { type: "t", queue: "late", delayMs: 50, retry: { kind: "fixed", delayMs: 1 } });
    const claimBriefly = async () =>
      (await ask("POST /v1/leases/claim", { queues: ["late"], worker: "w", limit: 1, leaseMs: 1_000, waitMs: 60_000 }))
        .json.items;
    expect(await claimBriefly()).toHaveLength(1);
    // Its lease runs out, and it comes back.
    expect(await claimBriefly()).toHaveLength(1);

    await api.composition.db.withTransaction((tx) =>
      api.composition.store.createJob(
        {
          tenantId: "acme",
          queue: "own",
          type: "t",
          payload: "{}",
          priority: 0,
          maxAttempts: 1,
          tags: [],
          concurrencyKey: "k",
        },
        { tx },
      ),
    );
    expect(await claim("own", 60_000)).toHaveLength(1);
  }, 180_000);
});
