import { describe, expect, test, vi } from "vitest";

import { apiOfFile } from "../../testing/api-of-file.ts";
import { type ReadEvent, readEvents } from "../../testing/read-events.ts";
import { startTestApi } from "../../testing/start-test-api.ts";

const { api, key } = await apiOfFile();

const ask = (what: string, body?: unknown) => api.ask(what, { key, body });
const follow = (id: string, lastEventId?: string) =>
  readEvents(`${api.url}/v1/jobs/${id}/events`, { key, ...(lastEventId === undefined ? {} : { lastEventId }) });

let queues = 0;
/** A job in a queue of its own. */
async function makeJob(more: object = {}): Promise<{ readonly id: string; readonly queue: string }> {
  const queue = `events-${queues++}`;
  const { id } = (await ask("POST /v1/jobs", { type: "t", queue, retry: { kind: "fixed", delayMs: 0 }, ...more })).json;
  return { id, queue };
}

async function claim(queue: string): Promise<{ readonly leaseToken: string }> {
  for (;;) {
    await api.composition.store.promoteDue(10);
    const [claimed] = await api.composition.store.claimJobs({
      queues: [queue],
      limit: 1,
      leaseMs: 60_000,
      worker: "w",
    });
    if (claimed !== undefined) return claimed;
  }
}

const log = (leaseToken: string, ...messages: string[]) =>
  api.composition.store.appendLogs([
    { leaseToken, lines: messages.map((message) => ({ level: "info" as const, message })) },
  ]);

/** Of each event what matters for its order. */
function told({ event, data }: ReadEvent): string {
  if (event === "job" || event === "end") return `${event} ${String(data["status"])}`;
  if (event === "attempt") return `attempt ${String(data["attempt"])} ${String(data["outcome"])}`;
  return event === "log" ? `log ${String(data["message"])}` : `progress ${String(data["progress"])}`;
}

describe("GET /v1/jobs/{id}/events", () => {
  test("200: tells a job's life from a snapshot to its end, each thing when it happens", async () => {
    const { store } = api.composition;
    const { id, queue } = await makeJob();
    const events = await follow(id);
    const next = async () => {
      const event = await events.next();
      return event === undefined ? "over" : told(event);
    };
    expect(await next()).toBe("job pending");
    const first = await claim(queue);
    expect(await next()).toBe("job running");
    await log(first.leaseToken, "one", "two");
    expect([await next(), await next()]).toEqual(["log one", "log two"]);
    await store.progressJobs([{ leaseToken: first.leaseToken, progress: "50" }]);
    expect(await next()).toBe("progress 50");
    await store.failJobs([{ leaseToken: first.leaseToken, message: "no", retryable: true }]);
    expect([await next(), await next()]).toEqual(["attempt 1 failed", "job pending"]);
    const second = await claim(queue);
    expect(await next()).toBe("job running");
    await store.completeJobs([{ leaseToken: second.leaseToken, result: "1" }]);
    expect([await next(), await next(), await next()]).toEqual([
      "attempt 2 completed",
      "job completed",
      "end completed",
    ]);
    expect(await next()).toBe("over");
  });

  test("200: behind any Last-Event-ID come exactly the transitions, attempts and log lines that it had not told", async () => {
    const { store } = api.composition;
    const { id, queue } = await makeJob();
    const first = await claim(queue);
    await log(first.leaseToken, "one");
    await store.failJobs([{ leaseToken: first.leaseToken, message: "no", retryable: true }]);
    const second = await claim(queue);
    await log(second.leaseToken, "two", "three");
    await store.snoozeJobs([{ leaseToken: second.leaseToken, delayMs: 0 }]);
    const third = await claim(queue);
    await store.completeJobs([{ leaseToken: third.leaseToken, result: null }]);
    const whole = await (await follow(id)).rest();
    expect(whole.map(told)).toEqual([
      "job completed",
      "log one",
      "attempt 1 failed",
      "log two",
      "log three",
      "attempt 2 snoozed",
      "attempt 2 completed",
      "end completed",
    ]);
    for (const [index, { id: lastEventId }] of whole.slice(0, -1).entries()) {
      expect((await (await follow(id, lastEventId)).rest()).map(told)).toEqual(whole.slice(index + 1).map(told));
    }
  });

  test("200: what happens while nobody listens is told on return, once", async () => {
    const { store } = api.composition;
    const { id, queue } = await makeJob();
    const before = await follow(id);
    const snapshot = await before.next();
    before.leave();
    const { leaseToken } = await claim(queue);
    await log(leaseToken, "unheard");
    await store.releaseJobs([{ leaseToken }]);
    const after = await follow(id, snapshot?.id);
    expect([await after.next(), await after.next(), await after.next()].map((event) => event && told(event))).toEqual([
      "log unheard",
      "attempt 1 released",
      "job pending",
    ]);
    await store.cancelJob({ tenantId: "acme", id });
    expect((await after.rest()).map(told)).toEqual(["job cancelled", "end cancelled"]);
  });

  test("204: a stream that was told to its end is not told again, unless the job was retried since", async () => {
    const { id } = await makeJob();
    await ask(`POST /v1/jobs/${id}/cancel`);
    const last = (await (await follow(id)).rest()).at(-1);
    expect((await follow(id, last?.id)).status).toBe(204);
    await ask(`POST /v1/jobs/${id}/retry`);
    const again = await follow(id, last?.id);
    expect(again.status).toBe(200);
    expect(told((await again.next()) as ReadEvent)).toBe("job pending");
    await ask(`DELETE /v1/jobs/${id}`);
    expect((await again.rest()).map(told)).toEqual(["end null"]);
  });

  test("200: HEAD is answered at once, whatever the job does", async () => {
    const { id } = await makeJob();
    const head = await ask(`HEAD /v1/jobs/${id}/events`);
    expect([head.status, head.headers.get("content-type"), head.text]).toEqual([200, "text/event-stream", ""]);
  });

  test("404 and 422, as problems: another's job, an id that is none of ours", async () => {
    const { id } = await makeJob();
    const { key: bound } = await api.makeKey({ queues: ["other"] });
    const { key: other } = await api.makeKey({ tenantId: "other" });
    for (const one of [bound, other]) {
      expect((await api.ask(`GET /v1/jobs/${id}/events`, { key: one })).json["code"]).toBe("JOB_NOT_FOUND");
    }
    const reply = await api.ask(`GET /v1/jobs/${id}/events`, { key, headers: { "Last-Event-ID": "nonsense" } });
    expect([reply.status, reply.json.errors[0]?.path]).toEqual([422, "Last-Event-ID"]);
  });

  test("429: streams and waits together are bounded, and a client that leaves makes room", async () => {
    const small = await startTestApi({ waitersMax: 4 });
    try {
      const { key: own } = await small.makeKey();
      const { id } = (await small.ask("POST /v1/jobs", { key: own, body: { type: "t" } })).json;
      const url = `${small.url}/v1/jobs/${id}/events`;
      const first = await readEvents(url, { key: own });
      await first.next();
      expect((await small.ask(`GET /v1/jobs/${id}/wait`, { key: own })).status).toBe(429);
      expect((await small.ask(`GET /v1/jobs/${id}/events`, { key: own })).status).toBe(429);
      first.leave();
      await vi.waitFor(async () => {
        expect((await small.ask(`GET /v1/jobs/${id}/wait?timeoutMs=0`, { key: own })).status).toBe(202);
      });
    } finally {
      await small.close();
    }
  });

  test("ends when the process stops, without an end event, so that the client resumes elsewhere", async () => {
    const stopping = await startTestApi({ values: { "server.drainDelayMs": 0 } });
    const { key: own } = await stopping.makeKey();
    const { id } = (await stopping.ask("POST /v1/jobs", { key: own, body: { type: "t" } })).json;
    const events = await readEvents(`${stopping.url}/v1/jobs/${id}/events`, { key: own });
    expect(told((await events.next()) as ReadEvent)).toBe("job pending");
    await stopping.drain();
    expect(await events.rest()).toEqual([]);
    await stopping.close();
  });
});

describe("GET /v1/jobs/{id}/wait", () => {
  test("200: many who wait are told of their jobs' ends, with few looks at the database for all of them", async () => {
    const statements: string[] = [];
    const counted = await startTestApi({
      replace(composition) {
        const { store } = composition;
        const jobVersions = store.jobVersions;
        Object.assign(store, {
          jobVersions: (watched: Parameters<typeof jobVersions>[0]) => {
            statements.push("versions");
            return jobVersions(watched);
          },
        });
        return composition;
      },
    });
    try {
      const { key: own } = await counted.makeKey();
      const jobs = Array.from({ length: 100 }, () => ({ type: "t" }));
      const { items } = (await counted.ask("POST /v1/jobs/batch", { key: own, body: { jobs } })).json;
      const waits = items.map(({ id }) => counted.ask(`GET /v1/jobs/${id}/wait?timeoutMs=60000`, { key: own }));
      await vi.waitFor(() => expect(statements.length).toBeGreaterThan(5));
      await counted.composition.store.cancelJobs(
        "acme",
        items.map(({ id }) => id),
      );
      for (const reply of await Promise.all(waits))
        expect([reply.status, reply.json["status"]]).toEqual([200, "cancelled"]);
      const made = statements.length;
      expect(made).toBeLessThan(400);
      await counted.ask("GET /v1/health");
      expect(statements.length).toBe(made);
    } finally {
      await counted.close();
    }
  });
});
