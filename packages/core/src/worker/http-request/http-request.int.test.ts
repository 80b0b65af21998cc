import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { Webhook } from "standardwebhooks";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import type { Json } from "@millrace/contract";
import type { Job } from "@millrace/storage";

import { createWorkerRig, type WorkerRig } from "../../testing/worker-rig.ts";
import { createHttpRequestJob, type HttpRequestOptions } from "./http-request-job.ts";

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const loopback = { allowPrivateNetworks: ["127.0.0.0/8"] };

let rig: WorkerRig;
let base: string;
let port: number;
/** Each test has a queue of its own: the retries of one must not reach the next. */
let queue = "";
let tests = 0;
let seen: Seen[] = [];
let answer: (request: Seen, response: ServerResponse) => void;

const server = createServer((request: IncomingMessage, response: ServerResponse) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const { method = "", url = "", headers } = request;
    const one = { method, url, headers, body: Buffer.concat(chunks).toString() };
    seen.push(one);
    answer(one, response);
  });
});

beforeAll(async () => {
  rig = await createWorkerRig();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ({ port } = server.address() as AddressInfo);
  base = `http://127.0.0.1:${port}`;
});
beforeEach(() => {
  queue = `test-${++tests}`;
  seen = [];
  answer = (_, response) => response.end("ok");
});
afterEach(() => rig.stopWorkers());
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rig.close();
});

/** Runs one http.request job to its end, or to its first failure. */
async function run(payload: Json, options: HttpRequestOptions = loopback, maxAttempts = 1): Promise<Job> {
  await rig.start({ queues: [queue], handlers: [createHttpRequestJob(options)] });
  // A second attempt would come at once now and then, before anybody has seen how the first one ended.
  const retry = { kind: "fixed", delayMs: 3_600_000 } as const;
  const job = await rig.add({ queue, type: "http.request", payload, maxAttempts, retry });
  return rig.until(job.id, ({ status, lastError }) => status === "completed" || lastError !== null);
}

describe("http.request", () => {
  it("sends what it is told and keeps what was answered", async () => {
    answer = ({ method, body, headers }, response) => {
      response.writeHead(201, { "content-type": "application/json", "x-count": "3" });
      response.end(
        JSON.stringify({ method, body: JSON.parse(body), type: headers["content-type"], mine: headers["x-mine"] }),
      );
    };
    const job = await run({ method: "PUT", url: `${base}/path?q=1`, headers: { "X-Mine": "yes" }, body: { a: [1] } });
    expect(job.status).toBe("completed");
    expect(job.result).toMatchObject({
      status: 201,
      headers: { "content-type": "application/json", "x-count": "3" },
      body: { method: "PUT", body: { a: [1] }, type: "application/json", mine: "yes" },
    });
    expect(seen[0]?.url).toBe("/path?q=1");
  });

  it("sends a string as it is, and a request without a body as a GET", async () => {
    await run({ url: base, body: "plain" });
    expect(seen[0]).toMatchObject({ method: "POST", body: "plain" });
    expect(seen[0]?.headers["content-type"]).toBe("text/plain; charset=utf-8");
    await rig.stopWorkers();
    await run({ url: base });
    expect(seen[1]).toMatchObject({ method: "GET", body: "" });
  });

  it("hands the job's trace on", async () => {
    const traceId = "0123456789abcdef0123456789abcdef";
    await rig.start({ queues: [queue], handlers: [createHttpRequestJob(loopback)] });
    const { job } = await rig.store.createJob({
      tenantId: "default",
      queue,
      type: "http.request",
      payload: JSON.stringify({ url: base }),
      priority: 0,
      maxAttempts: 1,
      tags: [],
      traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
    });
    await rig.until(job.id, "completed");
    expect(seen[0]?.headers["x-trace-id"]).toBe(traceId);
    expect(seen[0]?.headers["traceparent"]).toMatch(new RegExp(`^00-${traceId}-(?!00f067aa0ba902b7)[0-9a-f]{16}-01$`));
  });

  it("signs so that the library of Standard Webhooks verifies it, with the job's id over all attempts", async () => {
    answer = (_, response) => response.writeHead(seen.length === 1 ? 503 : 200).end();
    await rig.start({ queues: [queue], handlers: [createHttpRequestJob({ ...loopback, signingSecret: secret })] });
    const job = await rig.add({
      queue,
      type: "http.request",
      payload: { url: base, body: { paid: "ä" } },
      retry: { kind: "fixed", delayMs: 0 },
    });
    await rig.until(job.id, "completed");
    expect(seen).toHaveLength(2);
    for (const { headers, body } of seen) {
      expect(headers["webhook-id"]).toBe(job.id);
      expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toEqual({ paid: "ä" });
    }
  });

  it.each([400, 401, 404, 410, 422, 304])("kills the job at once on %i", async (status) => {
    answer = (_, response) => response.writeHead(status).end();
    const job = await run({ url: `${base}/secret-path` }, loopback, 5);
    expect(job).toMatchObject({ status: "dead", attempts: 1, lastError: `GET ${base} answered ${status}` });
  });

  it.each([408, 429, 500, 503])("tries again on %i", async (status) => {
    answer = (_, response) => response.writeHead(status).end("overloaded");
    const job = await run({ url: base }, loopback, 5);
    expect(job).toMatchObject({ status: "pending", attempts: 1, lastError: `GET ${base} answered ${status}` });
    expect(job.errors[0]?.stack).toContain("overloaded");
  });

  it("waits as long as Retry-After says", async () => {
    answer = (_, response) => response.writeHead(429, { "retry-after": "300" }).end();
    const job = await run({ url: base }, loopback, 5);
    const waitMs = job.scheduledAt.getTime() - job.updatedAt.getTime();
    expect(waitMs).toBe(300_000);
  });

  it("tries again when nobody listens, and when the answer breaks off", async () => {
    answer = (_, response) => response.destroy();
    expect(await run({ url: base }, loopback, 5)).toMatchObject({ status: "pending" });
    await rig.stopWorkers();
    expect(await run({ url: "http://127.0.0.1:1" }, loopback, 5)).toMatchObject({ status: "pending" });
  });

  it("gives up on an answer that takes too long, headers or body", async () => {
    answer = () => undefined;
    const slow = { ...loopback, timeoutMs: 200 };
    expect(await run({ url: base }, slow, 5)).toMatchObject({
      status: "pending",
      lastError: "No complete answer within 200 ms",
    });
    await rig.stopWorkers();
    answer = (_, response) => void response.writeHead(200).write("beginning");
    expect(await run({ url: base }, slow, 5)).toMatchObject({
      status: "pending",
      lastError: "No complete answer within 200 ms",
    });
  });

  it("keeps the beginning of a body without end", async () => {
    answer = (_, response) => {
      const more = () => {
        while (!response.destroyed && response.write("x".repeat(10_000)));
      };
      response.on("drain", more);
      more();
    };
    const job = await run({ url: base }, { ...loopback, responseBytesMax: 5_000 });
    expect(job).toMatchObject({ status: "completed", result: { body: "x".repeat(5_000), truncated: true } });
  });

  it.each(["127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "169.254.169.254", "0"])(
    "refuses the address %s in the URL",
    async (host) => {
      const job = await run({ url: `http://${host}:${port}/` }, {}, 5);
      expect(job).toMatchObject({ status: "dead", lastError: expect.stringContaining("may not reach") });
      expect(seen).toEqual([]);
    },
  );

  it("refuses a name that leads to this machine", async () => {
    const job = await run({ url: `http://localhost:${port}/` }, {}, 5);
    expect(job).toMatchObject({ status: "dead", lastError: expect.stringContaining("may not reach") });
    expect(seen).toEqual([]);
  });

  it("refuses a name of which one address is not allowed", async () => {
    const resolve = () =>
      Promise.resolve([
        { address: "127.0.0.1", family: 4 },
        { address: "10.0.0.1", family: 4 },
      ]);
    const job = await run({ url: `http://both.test:${port}/` }, { ...loopback, resolve }, 5);
    expect(job.status).toBe("dead");
    expect(seen).toEqual([]);
  });

  it("connects to the address that it checked, though the name server changes its mind", async () => {
    const answers = ["127.0.0.1", "127.0.0.2"];
    let asked = 0;
    const resolve = () => Promise.resolve([{ address: answers[Math.min(asked++, 1)] ?? "", family: 4 }]);
    // The second answer would be allowed, but nobody listens there.
    const job = await run({ url: `http://rebind.test:${port}/` }, { ...loopback, resolve });
    expect(job.status).toBe("completed");
    expect(asked).toBe(1);
    expect(seen[0]?.headers.host).toBe(`rebind.test:${port}`);
  });

  it("follows redirects to what is allowed, and judges each hop", async () => {
    answer = ({ url }, response) => {
      if (url === "/end") response.end("there");
      else response.writeHead(302, { location: url === "/start" ? "/end" : `http://10.0.0.1:${port}/` }).end();
    };
    expect(await run({ url: `${base}/start` })).toMatchObject({ status: "completed", result: { body: "there" } });
    await rig.stopWorkers();
    expect(await run({ url: `${base}/inside` })).toMatchObject({
      status: "dead",
      lastError: expect.stringContaining("may not reach"),
    });
  });

  it("judges the name of a redirect anew", async () => {
    let asked = 0;
    const resolve = () => Promise.resolve([{ address: asked++ === 0 ? "127.0.0.1" : "192.168.0.1", family: 4 }]);
    answer = ({ url }, response) => response.writeHead(302, { location: `${url}x` }).end();
    const job = await run({ url: `http://rebind.test:${port}/` }, { ...loopback, resolve });
    expect(job).toMatchObject({ status: "dead", lastError: expect.stringContaining("may not reach") });
    expect(seen).toHaveLength(1);
  });

  it("doesn't go round in circles", async () => {
    answer = (_, response) => response.writeHead(302, { location: "/again" }).end();
    expect(await run({ url: base })).toMatchObject({ status: "dead", lastError: "More than 5 redirects" });
    expect(seen).toHaveLength(6);
  });

  it("names every problem of its payload", async () => {
    const job = await run({ url: "ftp://x", method: "FETCH", verb: 1 }, loopback, 5);
    expect(job.status).toBe("dead");
    expect(job.lastError).toMatch(/method: .*url: .*verb/);
  });

  it("ends its request when the job is cancelled", async () => {
    const closed = Promise.withResolvers<void>();
    answer = (_, response) => void response.on("close", () => closed.resolve());
    await rig.start({ queues: [queue], handlers: [createHttpRequestJob(loopback)] });
    const { id } = await rig.add({ queue, type: "http.request", payload: { url: base } });
    await rig.until(id, () => seen.length === 1);
    await rig.store.cancelJob({ tenantId: "default", id });
    await closed.promise;
    expect((await rig.get(id)).status).toBe("cancelled");
  });
});
