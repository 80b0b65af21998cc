import { describe, expect, test } from "vitest";

import { apiOfFile } from "../../testing/api-of-file.ts";
import { startTestApi } from "../../testing/start-test-api.ts";

/** A wait that takes a place until it is left. The one that looks whether it has may have had that place for a moment: then it asks again. */
async function hold(url: string, init: RequestInit): Promise<void> {
  const { status } = await fetch(url, init);
  if (status === 429) await hold(url, init);
}

const { api, key } = await apiOfFile();

const ask = (what: string, body?: unknown) => api.ask(what, { key, body });

async function makeJob(more: object = {}): Promise<string> {
  return (await ask("POST /v1/jobs", { type: "t", queue: "change", ...more })).json.id;
}

/** A job that a worker holds; its lease token. */
async function makeRunning(): Promise<{ readonly id: string; readonly leaseToken: string }> {
  const id = await makeJob({ queue: "running" });
  const [claimed] = await api.composition.store.claimJobs({
    queues: ["running"],
    limit: 1,
    leaseMs: 60_000,
    worker: "test",
  });
  return { id, leaseToken: claimed?.leaseToken ?? "" };
}

describe("GET /v1/jobs/{id}", () => {
  test("200: a running job shows its worker and lease, and never a token, tenant or fence", async () => {
    const { id, leaseToken } = await makeRunning();
    const reply = await ask(`GET /v1/jobs/${id}`);
    expect(reply.json).toMatchObject({
      status: "running",
      attempts: 1,
      lockedBy: "test",
      leaseExpiresAt: expect.any(String),
    });
    expect(reply.text).not.toContain(leaseToken);
    expect(Object.keys(reply.json as object)).not.toEqual(expect.arrayContaining(["tenantId"]));
    expect(reply.json).not.toHaveProperty("fence");
  });

  test("404: a key that is bound to other queues", async () => {
    const bound = await api.makeKey({ queues: ["other"] });
    const id = await makeJob();
    for (const what of [
      `GET /v1/jobs/${id}`,
      `DELETE /v1/jobs/${id}`,
      `POST /v1/jobs/${id}/cancel`,
      `GET /v1/jobs/${id}/wait`,
    ]) {
      expect((await api.ask(what, { key: bound.key })).json.code).toBe("JOB_NOT_FOUND");
    }
    expect((await ask(`GET /v1/jobs/${id}`)).json.status).toBe("pending");
  });
});

describe("PATCH /v1/jobs/{id}", () => {
  test("200: changes what is named and leaves the rest", async () => {
    const id = await makeJob({ tags: ["a"], payload: { n: 1 } });
    const reply = await ask(`PATCH /v1/jobs/${id}`, { priority: 9, payload: [2], scheduledAt: "2040-01-01T00:00:00Z" });
    expect(reply.status).toBe(200);
    expect(reply.json).toMatchObject({
      priority: 9,
      payload: [2],
      tags: ["a"],
      scheduledAt: "2040-01-01T00:00:00.000Z",
    });
    expect((await ask(`GET /v1/jobs/${id}`)).json).toEqual(reply.json);
  });

  test("409: a job that is not pending, with the state that it has", async () => {
    const { id } = await makeRunning();
    const reply = await ask(`PATCH /v1/jobs/${id}`, { priority: 1 });
    expect([reply.status, reply.json.code, reply.json.jobStatus]).toEqual([409, "INVALID_STATE", "running"]);
  });

  test("422: nothing to change, or what may not be", async () => {
    const id = await makeJob();
    for (const body of [
      {},
      { status: "completed" },
      { attempts: 0 },
      { queue: "x" },
      { priority: null },
      { delayMs: -1 },
    ]) {
      expect([body, (await ask(`PATCH /v1/jobs/${id}`, body)).status]).toEqual([body, 422]);
    }
  });
});

describe("POST /v1/jobs/{id}/cancel", () => {
  test("200: a pending and a running job are cancelled; the worker can't finish it any more", async () => {
    const pending = await makeJob();
    expect((await ask(`POST /v1/jobs/${pending}/cancel`)).json.status).toBe("cancelled");
    const { id, leaseToken } = await makeRunning();
    expect((await ask(`POST /v1/jobs/${id}/cancel`, {})).json.status).toBe("cancelled");
    const [outcome] = await api.composition.store.completeJobs([{ leaseToken, result: null }]);
    expect(outcome).toMatchObject({ ok: false });
  });

  test("409: a job that is finished", async () => {
    const id = await makeJob();
    await ask(`POST /v1/jobs/${id}/cancel`);
    const reply = await ask(`POST /v1/jobs/${id}/cancel`);
    expect([reply.status, reply.json.code, reply.json.jobStatus]).toEqual([409, "INVALID_STATE", "cancelled"]);
  });

  test("422: input, which it has none of", async () => {
    const id = await makeJob();
    const reply = await ask(`POST /v1/jobs/${id}/cancel`, { reason: "because" });
    expect([reply.status, reply.json.errors[0]?.path]).toEqual([422, "reason"]);
  });
});

describe("POST /v1/jobs/{id}/retry", () => {
  test("200: a finished job is pending again, and its attempts go on counting", async () => {
    const { id, leaseToken } = await makeRunning();
    await api.composition.store.failJobs([{ leaseToken, message: "broken", retryable: false }]);
    expect((await ask(`GET /v1/jobs/${id}`)).json).toMatchObject({ status: "dead", lastError: "broken" });
    expect((await ask(`POST /v1/jobs/${id}/retry`)).json).toMatchObject({ status: "pending", attempts: 1 });
    await ask(`DELETE /v1/jobs/${id}`);
  });

  test("409: a job that is not finished", async () => {
    const reply = await ask(`POST /v1/jobs/${await makeJob()}/retry`);
    expect([reply.status, reply.json.code]).toEqual([409, "INVALID_STATE"]);
  });
});

describe("DELETE /v1/jobs/{id}", () => {
  test("204: the job is gone, and its idempotency key free", async () => {
    const id = await makeJob({ idempotencyKey: "once" });
    const reply = await ask(`DELETE /v1/jobs/${id}`);
    expect([reply.status, reply.text]).toEqual([204, ""]);
    expect((await ask(`GET /v1/jobs/${id}`)).status).toBe(404);
    expect((await ask(`DELETE /v1/jobs/${id}`)).status).toBe(404);
    expect(await makeJob({ idempotencyKey: "once" })).not.toBe(id);
  });

  test("409: a running job", async () => {
    const { id } = await makeRunning();
    const reply = await ask(`DELETE /v1/jobs/${id}`);
    expect([reply.status, reply.json.code]).toEqual([409, "INVALID_STATE"]);
  });
});

describe("GET /v1/jobs/{id}/wait", () => {
  test("200: answers as soon as the job is finished", async () => {
    const { id, leaseToken } = await makeRunning();
    const waiting = ask(`GET /v1/jobs/${id}/wait?timeoutMs=60000`);
    await api.composition.store.completeJobs([{ leaseToken, result: '{"done":true}' }]);
    const reply = await waiting;
    expect([reply.status, reply.json.status, reply.json.result]).toEqual([200, "completed", { done: true }]);
  });

  test("200: at once for a job that is finished already", async () => {
    const id = await makeJob();
    await ask(`POST /v1/jobs/${id}/cancel`);
    expect((await ask(`GET /v1/jobs/${id}/wait`)).status).toBe(200);
  });

  test("202: the job as it stands when the time is over", async () => {
    const id = await makeJob();
    const reply = await ask(`GET /v1/jobs/${id}/wait?timeoutMs=0`);
    expect([reply.status, reply.json.status]).toEqual([202, "pending"]);
  });

  test.each(["-1", "60001", "soon", "1.5", "1e2", "0x10", "%201", "NaN", ""])("422: the time %j", async (timeoutMs) => {
    const reply = await ask(`GET /v1/jobs/${await makeJob()}/wait?timeoutMs=${timeoutMs}`);
    expect([reply.status, reply.json.errors[0]?.path]).toEqual([422, "timeoutMs"]);
  });

  test("429: beyond the number that may wait, with Retry-After; and one that goes makes room", async () => {
    const narrow = await startTestApi({ waitersMax: 1 });
    const { key: own } = await narrow.makeKey();
    const { json } = await narrow.ask("POST /v1/jobs", { key: own, body: { type: "t" } });
    const leaving = new AbortController();
    const path = `/v1/jobs/${json.id}/wait`;
    const first = hold(`${narrow.url}${path}?timeoutMs=60000`, {
      headers: { "x-api-key": own, "x-trace-id": "first" },
      signal: leaving.signal,
    }).catch((error: unknown) => error);
    const second = () => narrow.ask(`GET ${path}?timeoutMs=0`, { key: own });
    await expect.poll(async () => (await second()).status).toBe(429);
    const reply = await second();
    expect([reply.json.code, reply.headers.get("retry-after")]).toEqual(["RATE_LIMITED", "1"]);
    leaving.abort();
    await first;
    await expect.poll(async () => (await second()).status).toBe(202);
    expect(narrow.logs).toContainEqual(expect.objectContaining({ traceId: "first", status: 499 }));
    await narrow.close();
  });

  test("429: one tenant may hold a quarter of the waits, and leaves the others theirs", async () => {
    const narrow = await startTestApi({ waitersMax: 8 });
    const path = async (own: string) =>
      `/v1/jobs/${(await narrow.ask("POST /v1/jobs", { key: own, body: { type: "t" } })).json.id}/wait`;
    const [{ key: greedy }, { key: modest }] = [await narrow.makeKey(), await narrow.makeKey({ tenantId: "modest" })];
    const [greedyPath, modestPath] = [await path(greedy), await path(modest)];
    const leaving = new AbortController();
    const held = [1, 2].map(() =>
      hold(`${narrow.url}${greedyPath}?timeoutMs=60000`, {
        headers: { "x-api-key": greedy },
        signal: leaving.signal,
      }).catch((error: unknown) => error),
    );
    const next = () => narrow.ask(`GET ${greedyPath}?timeoutMs=0`, { key: greedy });
    await expect.poll(async () => (await next()).status).toBe(429);
    expect((await next()).json["detail"]).toContain("of this tenant");
    expect((await narrow.ask(`GET ${modestPath}?timeoutMs=0`, { key: modest })).status).toBe(202);
    leaving.abort();
    await Promise.all(held);
    await expect.poll(async () => (await next()).status).toBe(202);
    await narrow.close();
  });
});
