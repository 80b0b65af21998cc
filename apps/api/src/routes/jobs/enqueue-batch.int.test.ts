import { describe, expect, test } from "vitest";

import { apiOfFile } from "../../testing/api-of-file.ts";
import { errorsOf } from "../../testing/errors-of.ts";

const { api, key } = await apiOfFile();

const batch = (jobs: unknown, headers: Readonly<Record<string, string>> = {}) =>
  api.ask("POST /v1/jobs/batch", { key, body: { jobs }, headers });

describe("POST /v1/jobs/batch", () => {
  test("201: ids in the order of the jobs, duplicates marked", async () => {
    const { json: first } = await api.ask("POST /v1/jobs", { key, body: { type: "t", idempotencyKey: "b-1" } });
    const reply = await batch([{ type: "a" }, { type: "t", idempotencyKey: "b-1" }, { type: "c" }]);
    expect(reply.status).toBe(201);
    expect(reply.json.items.map(({ duplicate }) => duplicate)).toEqual([false, true, false]);
    expect(reply.json.items[1]?.id).toBe(first.id);
    const third = await api.ask(`GET /v1/jobs/${reply.json.items[2]?.id}`, { key });
    expect(third.json.type).toBe("c");
  });

  test("201: ten thousand in one request, and 422 for one more", async () => {
    const jobs = Array.from({ length: 10_000 }, () => ({ type: "many", queue: "many" }));
    expect((await batch(jobs)).json.items).toHaveLength(10_000);
    expect((await batch([...jobs, { type: "many" }])).status).toBe(422);
  });

  test("422: one that is wrong refuses all, and says which", async () => {
    const before = await api.ask("GET /v1/jobs?type=all-or-none", { key });
    const reply = await batch([{ type: "all-or-none" }, { type: "all-or-none", priority: "high" }]);
    expect([reply.status, errorsOf(reply)]).toEqual([422, ["jobs.1.priority: invalid_type"]]);
    expect((await batch([])).status).toBe(422);
    expect((await api.ask("GET /v1/jobs?type=all-or-none", { key })).json).toEqual(before.json);
  });

  test("422: a key of another request refuses all", async () => {
    await batch([{ type: "t", idempotencyKey: "b-2" }]);
    const reply = await batch([{ type: "all-or-none-2" }, { type: "other", idempotencyKey: "b-2" }]);
    expect([reply.status, reply.json.code]).toEqual([422, "IDEMPOTENCY_KEY_REUSED"]);
    expect((await api.ask("GET /v1/jobs?type=all-or-none-2", { key })).json.items).toEqual([]);
  });

  test("201: a whole flow, by the refs of its jobs", async () => {
    const reply = await batch([
      { type: "flow.end", dependsOn: ["left", "right"] },
      { type: "flow.left", ref: "left", dependsOn: ["start"] },
      { type: "flow.right", ref: "right", dependsOn: ["start"] },
      { type: "flow.start", ref: "start" },
    ]);
    expect(reply.status).toBe(201);
    const [end, left, , start] = reply.json.items.map(({ id }) => id);
    await api.ask(`POST /v1/jobs/${start}/cancel`, { key });
    const ended = await api.ask(`GET /v1/jobs/${end}`, { key });
    expect(ended.json).toMatchObject({ status: "cancelled", lastError: expect.stringContaining(String(left)) });
  });

  test.each([
    [[{ type: "t", dependsOn: ["nobody"] }], ["jobs.0.dependsOn.0: custom"]],
    [[{ type: "t", ref: "a", dependsOn: ["a"] }], ["jobs.0.dependsOn.0: custom"]],
    [
      [
        { type: "t", ref: "a" },
        { type: "t", ref: "a" },
      ],
      ["jobs.1.ref: custom"],
    ],
    [
      [
        { type: "t", ref: "a", dependsOn: ["b"] },
        { type: "t", ref: "b", dependsOn: ["a"] },
        { type: "t", dependsOn: ["b"] },
      ],
      ["jobs.0.dependsOn.0: custom", "jobs.1.dependsOn.0: custom", "jobs.2.dependsOn.0: custom"],
    ],
    [
      [{ type: "t" }, { type: "t", dependsOn: ["01900000-0000-7000-8000-000000000000"] }],
      ["jobs.1.dependsOn.0: not_found"],
    ],
  ])("422: refs that lead nowhere or in a circle: %j", async (jobs, errors) => {
    const reply = await batch(jobs);
    expect([reply.status, errorsOf(reply)]).toEqual([422, errors]);
  });

  test("409: one key that has a job refuses all, where repeats are rejected", async () => {
    await batch([{ type: "t", idempotencyKey: "b-3" }]);
    const reply = await batch([{ type: "all-or-none-3" }, { type: "t", idempotencyKey: "b-3", onDuplicate: "reject" }]);
    expect([reply.status, errorsOf(reply)]).toEqual([409, ["jobs.1.idempotencyKey: duplicate"]]);
    expect((await api.ask("GET /v1/jobs?type=all-or-none-3", { key })).json.items).toEqual([]);
  });

  test("422: an Idempotency-Key header, which could not say what it is for", async () => {
    const reply = await batch([{ type: "t" }], { "idempotency-key": "x" });
    expect([reply.status, errorsOf(reply)]).toEqual([422, ["Idempotency-Key: unknown_field"]]);
  });

  test("403: one job in a queue that the key is not bound to refuses all", async () => {
    const bound = await api.makeKey({ scopes: ["jobs:write"], queues: ["emails"] });
    const body = { jobs: [{ type: "t", queue: "emails" }, { type: "t" }] };
    expect((await api.ask("POST /v1/jobs/batch", { key: bound.key, body })).status).toBe(403);
  });

  test("what was enqueued is counted by queue and outcome", async () => {
    await batch([
      { type: "t", queue: "counted" },
      { type: "t", queue: "counted", idempotencyKey: "c" },
    ]);
    await api.ask("POST /v1/jobs", { key, body: { type: "t", queue: "counted", idempotencyKey: "c" } });
    const { text } = await api.ask("GET /v1/metrics");
    expect(text).toContain('millrace_jobs_enqueued_total{queue="counted",outcome="created"} 2');
    expect(text).toContain('millrace_jobs_enqueued_total{queue="counted",outcome="duplicate"} 1');
  });
});
