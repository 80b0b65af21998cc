import { randomUUID } from "node:crypto";

import { describe, expect, test } from "vitest";

import { apiOfFile } from "../../testing/api-of-file.ts";
import type { TestKey } from "../../testing/start-test-api.ts";

const { api } = await apiOfFile();
const own = await api.makeKey();
const bound = await api.makeKey({ queues: ["mine", "too"] });

const ask = (what: string, body?: unknown, { key } = own) => api.ask(what, { key, body });
const nightly = (more: object = {}) => ({
  cron: "0 3 * * *",
  timeZone: "Europe/Berlin",
  job: { type: "report", queue: "mine" },
  ...more,
});

async function make(more: object = {}): Promise<string> {
  const name = randomUUID();
  expect((await ask("POST /v1/schedules", { name, ...nightly(more) })).status).toBe(201);
  return name;
}

describe("POST /v1/schedules", () => {
  test("201 with the schedule, its defaults filled in and its next run counted", async () => {
    const name = randomUUID();
    const reply = await ask("POST /v1/schedules", { name, cron: "0 3 * * *", job: { type: "report" } });
    expect(reply.status).toBe(201);
    expect(reply.headers.get("location")).toBe(`/v1/schedules/${name}`);
    expect(reply.json).toEqual({
      name,
      cron: "0 3 * * *",
      timeZone: "UTC",
      misfirePolicy: "once",
      paused: false,
      job: { type: "report", queue: "default", payload: {}, priority: 0, maxAttempts: 20, tags: [] },
      nextRunAt: expect.stringMatching(/T03:00:00\.000Z$/),
      lastRunAt: null,
      lastJobId: null,
      lastError: null,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    });
  });

  test("403 for a queue that the key is not bound to", async () => {
    const body = { name: "theirs", ...nightly({ job: { type: "t", queue: "other" } }) };
    expect((await ask("POST /v1/schedules", body, bound)).status).toBe(403);
  });

  test("409 when the name is taken, in its own tenant only", async () => {
    const name = await make();
    const again = await ask("POST /v1/schedules", { name, ...nightly() });
    expect([again.status, again.json.code]).toEqual([409, "ALREADY_EXISTS"]);
    const other = await api.makeKey({ tenantId: "elsewhere" });
    expect((await ask("POST /v1/schedules", { name, ...nightly() }, other)).status).toBe(201);
  });

  test("422 naming every field and what is expected there, at once", async () => {
    const reply = await ask("POST /v1/schedules", {
      name: "no spaces",
      cron: "61 * * * *",
      timeZone: "Mars/Base",
      misfirePolicy: "never",
      colour: "red",
      job: { type: "t", queue: "q", payload: {}, scheduledAt: "2030-01-01T00:00:00Z" },
    });
    expect(reply.status).toBe(422);
    expect(reply.json.errors.toSorted((a, b) => (a.path < b.path ? -1 : 1))).toEqual([
      expect.objectContaining({ path: "colour", code: "unknown_field" }),
      {
        path: "cron",
        code: "invalid_cron",
        message:
          "Give 5 fields (minute, hour, day of month, month, day of week), 6 with seconds first, or a name such as @daily: invalid value for minute: 61.",
      },
      expect.objectContaining({ path: "job.scheduledAt", code: "unknown_field" }),
      expect.objectContaining({ path: "misfirePolicy" }),
      expect.objectContaining({ path: "name" }),
      expect.objectContaining({ path: "timeZone", code: "unknown_time_zone" }),
    ]);
  });

  test("422 for a cron expression that never fires, a payload or tags over their limits", async () => {
    const errorsOf = async (more: object) =>
      (await ask("POST /v1/schedules", { name: "never", ...nightly(more) })).json.errors.map(({ path, code }) => [
        path,
        code,
      ]);
    expect(await errorsOf({ cron: "0 0 30 2 *" })).toEqual([["cron", "never_fires"]]);
    expect(await errorsOf({ job: { type: "t", payload: "x".repeat(300_000) } })).toEqual([["job.payload", "too_big"]]);
    const tags = Array.from({ length: 20 }, (_, i) => `t${i}`);
    expect(await errorsOf({ job: { type: "t", tags } })).toEqual([["job.tags", "too_big"]]);
  });
});

describe("GET /v1/schedules/{name}", () => {
  test("200 with the next runs, of which `count` says how many", async () => {
    const name = await make({ cron: "30 2 * * *", timeZone: "America/New_York" });
    const { status, json } = await ask(`GET /v1/schedules/${name}`);
    expect(status).toBe(200);
    const runs = json["nextRuns"] as readonly string[];
    expect(runs).toHaveLength(5);
    expect(runs[0]).toBe(json["nextRunAt"]);
    expect(runs).toEqual([...new Set(runs)].toSorted());
    expect((await ask(`GET /v1/schedules/${name}?count=1`)).json["nextRuns"]).toEqual(runs.slice(0, 1));
    expect((await ask(`GET /v1/schedules/${name}?count=100`)).json["nextRuns"]).toHaveLength(100);
  });

  test("200 without next runs while it is paused", async () => {
    const name = await make({ paused: true });
    expect((await ask(`GET /v1/schedules/${name}`)).json).toMatchObject({
      paused: true,
      nextRunAt: null,
      nextRuns: [],
    });
  });

  test("200 for a name with a slash, written as %2F", async () => {
    await ask("POST /v1/schedules", { name: "reports/nightly:eu", ...nightly() });
    expect((await ask("GET /v1/schedules/reports%2Fnightly:eu")).json.name).toBe("reports/nightly:eu");
  });

  test("404 for one of a queue that the key is not bound to", async () => {
    const name = await make({ job: { type: "t", queue: "other" } });
    expect((await ask(`GET /v1/schedules/${name}`, undefined, bound)).status).toBe(404);
    expect((await ask(`GET /v1/schedules/${await make()}`, undefined, bound)).status).toBe(200);
  });

  test("422 for a count out of its bounds", async () => {
    const name = await make();
    for (const count of ["0", "101", "x", ""]) {
      expect((await ask(`GET /v1/schedules/${name}?count=${count}`)).status).toBe(422);
    }
  });
});

describe("PUT /v1/schedules/{name}", () => {
  test("201 for a new one, 200 for a change, and the same again changes nothing", async () => {
    const name = randomUUID();
    const first = await ask(`PUT /v1/schedules/${name}`, nightly());
    expect([first.status, first.json["cron"]]).toEqual([201, "0 3 * * *"]);
    const again = await ask(`PUT /v1/schedules/${name}`, nightly());
    expect([again.status, again.json]).toEqual([200, first.json]);
    const changed = await ask(`PUT /v1/schedules/${name}`, nightly({ cron: "0 4 * * *", timeZone: "UTC" }));
    expect(changed.status).toBe(200);
    expect(changed.json).toMatchObject({ cron: "0 4 * * *", nextRunAt: expect.stringMatching(/T04:00:00\.000Z$/) });
    expect((await ask(`GET /v1/schedules/${name}`)).json).toMatchObject(changed.json);
  });

  test("200 and the tick stays where only the job changes", async () => {
    const name = await make();
    const before = (await ask(`GET /v1/schedules/${name}`)).json;
    const { json } = await ask(`PUT /v1/schedules/${name}`, nightly({ job: { type: "other", queue: "too" } }));
    expect(json).toMatchObject({ nextRunAt: before["nextRunAt"], job: { type: "other", queue: "too" } });
  });

  test("200 for a pause and for its end, which counts the next run from now", async () => {
    const name = await make({ cron: "* * * * * *" });
    const paused = await ask(`PUT /v1/schedules/${name}`, nightly({ cron: "* * * * * *", paused: true }));
    expect(paused.json).toMatchObject({ paused: true, nextRunAt: null });
    const resumed = await ask(`PUT /v1/schedules/${name}`, nightly({ cron: "* * * * * *" }));
    expect(resumed.json).toMatchObject({ paused: false });
    // It may be over when the row is written, but not when it is counted.
    expect(Date.parse(String(resumed.json["nextRunAt"]))).toBeGreaterThan(Date.parse(String(paused.json["updatedAt"])));
  });

  test("409 for the name of a schedule that the key may not see", async () => {
    const name = await make({ job: { type: "t", queue: "other" } });
    const reply = await ask(`PUT /v1/schedules/${name}`, nightly(), bound);
    expect([reply.status, reply.json.code]).toEqual([409, "ALREADY_EXISTS"]);
    expect((await ask(`GET /v1/schedules/${name}`)).json).toMatchObject({ job: { queue: "other" } });
  });

  test("never touches another tenant's", async () => {
    const name = await make();
    const other = await api.makeKey({ tenantId: "elsewhere" });
    expect((await ask(`PUT /v1/schedules/${name}`, nightly({ cron: "@hourly" }), other)).status).toBe(201);
    expect((await ask(`GET /v1/schedules/${name}`)).json).toMatchObject({ cron: "0 3 * * *" });
  });

  test("422 for a name that is none, and for one in the body", async () => {
    expect((await ask("PUT /v1/schedules/no%20spaces", nightly())).json.errors).toEqual([
      expect.objectContaining({ path: "name" }),
    ]);
    expect((await ask("PUT /v1/schedules/fine", { name: "fine", ...nightly() })).status).toBe(422);
  });

  test("one wins where many put the same name at the same time, and all get an answer", async () => {
    const name = randomUUID();
    const crons = ["0 1 * * *", "0 2 * * *", "0 3 * * *", "0 4 * * *"];
    const replies = await Promise.all(crons.map((cron) => ask(`PUT /v1/schedules/${name}`, nightly({ cron }))));
    expect(replies.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 200, 200, 201]);
  });
});

describe("DELETE /v1/schedules/{name}", () => {
  test("204, and then 404", async () => {
    const name = await make();
    expect((await ask(`DELETE /v1/schedules/${name}`)).status).toBe(204);
    expect((await ask(`DELETE /v1/schedules/${name}`)).status).toBe(404);
    expect((await ask(`GET /v1/schedules/${name}`)).status).toBe(404);
  });

  test("404 for one of a queue that the key is not bound to, which stays", async () => {
    const name = await make({ job: { type: "t", queue: "other" } });
    expect((await ask(`DELETE /v1/schedules/${name}`, undefined, bound)).status).toBe(404);
    expect((await ask(`GET /v1/schedules/${name}`)).status).toBe(200);
  });
});

describe("POST /v1/schedules/{name}/run", () => {
  test("429 when the queue is full", async () => {
    const queue = randomUUID();
    await ask(`PUT /v1/queues/${queue}`, { maxDepth: 1 });
    const name = await make({ job: { type: "report", queue } });
    expect((await ask(`POST /v1/schedules/${name}/run`)).status).toBe(202);
    const refused = await ask(`POST /v1/schedules/${name}/run`);
    expect([refused.status, refused.json.code]).toEqual([429, "QUEUE_FULL"]);
    expect(refused.headers.get("retry-after")).toMatch(/^\d+$/);
  });

  test("202 with the job, tagged with the schedule's name, also while it is paused; its ticks stay where they are", async () => {
    const job = { type: "report", queue: "mine", payload: { a: 1 }, priority: 4, maxAttempts: 2, tags: ["x"] };
    for (const paused of [false, true]) {
      const name = await make({ paused, job });
      const before = (await ask(`GET /v1/schedules/${name}`)).json;
      const { status, json } = await ask(`POST /v1/schedules/${name}/run`);
      expect(status).toBe(202);
      expect(json).toMatchObject({ ...job, status: "pending", tags: ["x", `schedule:${name}`] });
      const { items } = (await ask(`GET /v1/jobs?tag=schedule:${name}`)).json;
      expect(items.map(({ id }) => id)).toEqual([json.id]);
      expect((await ask(`GET /v1/schedules/${name}`)).json).toEqual(before);
    }
  });

  test("404 for one of a queue that the key is not bound to", async () => {
    const name = await make({ job: { type: "t", queue: "other" } });
    expect((await ask(`POST /v1/schedules/${name}/run`, undefined, bound)).status).toBe(404);
  });
});

describe("GET /v1/schedules", () => {
  test("200 by name, page by page, each once; a bound key sees its queues' only", async () => {
    const other = await api.makeKey({ tenantId: "lists" });
    const narrow = await api.makeKey({ tenantId: "lists", queues: ["mine"] });
    const names = ["a", "b/c", "b.c", "Z", "z"];
    for (const [i, name] of names.entries()) {
      await ask(
        "POST /v1/schedules",
        { name, ...nightly({ job: { type: "t", queue: i < 2 ? "mine" : "other" } }) },
        other,
      );
    }
    const walk = async (key: TestKey, filter = "") => {
      const seen: string[] = [];
      for (let cursor: string | null = ""; cursor !== null;) {
        const { status, json } = await ask(
          `GET /v1/schedules?limit=2${filter}${cursor && `&cursor=${cursor}`}`,
          undefined,
          key,
        );
        expect(status).toBe(200);
        seen.push(...json.items.map(({ name }) => name));
        cursor = json.nextCursor;
      }
      return seen;
    };
    expect((await walk(other)).toSorted()).toEqual(names.toSorted());
    expect((await walk(other, "&queue=other")).toSorted()).toEqual(["Z", "b.c", "z"]);
    expect((await walk(narrow)).toSorted()).toEqual(["a", "b/c"]);
    expect((await ask("GET /v1/schedules?queue=other", undefined, narrow)).status).toBe(403);
  });

  test("422 for another list's cursor", async () => {
    await make();
    await make();
    const { json } = await ask("GET /v1/schedules?limit=1");
    expect((await ask(`GET /v1/schedules?limit=1&queue=mine&cursor=${json.nextCursor}`)).status).toBe(422);
    expect((await ask(`GET /v1/jobs?cursor=${json.nextCursor}`)).status).toBe(422);
    expect((await ask("GET /v1/schedules?cursor=nonsense")).status).toBe(422);
  });
});

describe("POST /v1/schedules/preview", () => {
  test("200 with the next runs after a time, over a change of clocks", async () => {
    const body = { cron: "30 2 * * *", timeZone: "Europe/Berlin", from: "2026-03-28T12:00:00+01:00", count: 2 };
    expect((await ask("POST /v1/schedules/preview", body)).json).toEqual({
      nextRuns: ["2026-03-29T01:00:00.000Z", "2026-03-30T00:30:00.000Z"],
    });
    expect((await ask("POST /v1/schedules/preview", { cron: "@hourly" })).json["nextRuns"]).toHaveLength(5);
  });

  test("422 with what is wrong", async () => {
    const reply = await ask("POST /v1/schedules/preview", { cron: "* * *", timeZone: "+02:00", count: 101 });
    expect(reply.json.errors.map(({ path }) => path).toSorted()).toEqual(["count", "cron", "timeZone"]);
  });
});
