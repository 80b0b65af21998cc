import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";

import { createClient } from "./client.ts";
import { MillraceApiError } from "./error.ts";

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A client of a server that answers with the handlers in turn, the last one again and again. */
const clientOf = (...handlers: Handler[]) => impatientClientOf(30_000, ...handlers);

async function impatientClientOf(timeoutMs: number, ...handlers: Handler[]) {
  const seen: { method: string; url: string; headers: IncomingMessage["headers"]; body: string }[] = [];
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += String(chunk)));
    request.on("end", () => {
      seen.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers, body });
      handlers[Math.min(seen.length, handlers.length) - 1]?.(request, response, body);
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { seen, client: createClient({ baseUrl: `http://127.0.0.1:${port}/`, apiKey: "key", timeoutMs }) };
}

const answer =
  (status: number, body: unknown, headers: Record<string, string> = {}): Handler =>
  (_request, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  };

const problem = (code: string, status: number, retryable: boolean) => ({
  type: "about:blank",
  title: code,
  status,
  detail: `${code} happened`,
  code,
  retryable,
  traceId: "trace-1",
  errors: [{ path: "type", code: "required", message: "say which" }],
});

const unavailable = answer(503, problem("UNAVAILABLE", 503, true), { "retry-after": "0" });
const perhapsDone = answer(503, { ...problem("UNAVAILABLE", 503, true), outcome: "unknown" }, { "retry-after": "0" });
const hangUp: Handler = (_request, response) => response.destroy();

describe("the client's transport", () => {
  it("sends key, body and path, and answers the body", async () => {
    const { client, seen } = await clientOf(answer(201, { id: "1", duplicate: false }));
    expect(await client.jobs.enqueue({ type: "t", payload: { a: 1 } })).toEqual({ id: "1", duplicate: false });
    expect(seen).toMatchObject([{ method: "POST", url: "/v1/jobs", body: '{"type":"t","payload":{"a":1}}' }]);
    expect(seen[0]?.headers).toMatchObject({ authorization: "Bearer key", "content-type": "application/json" });
  });

  it("throws the API's own words as a typed error", async () => {
    const { client } = await clientOf(answer(422, problem("VALIDATION_FAILED", 422, false)));
    const error = await client.jobs.get("1").catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(MillraceApiError);
    expect(error).toMatchObject({
      code: "VALIDATION_FAILED",
      status: 422,
      retryable: false,
      message: "VALIDATION_FAILED happened",
      traceId: "trace-1",
      errors: [{ path: "type" }],
    });
  });

  it("sends an enqueue again after a lost answer only where its key makes that one job", async () => {
    for (const [onDuplicate, times] of [
      ["existing", 2],
      ["keepLast", 1],
      ["reject", 1],
    ] as const) {
      const { client, seen } = await clientOf(hangUp, answer(200, { id: "1", duplicate: true }));
      await client.jobs.enqueue({ type: "t", idempotencyKey: "k", onDuplicate }).catch(() => undefined);
      expect([onDuplicate, seen.length]).toEqual([onDuplicate, times]);
    }
  });

  it("repeats a refused request, also one that must not be sent twice", async () => {
    const { client, seen } = await clientOf(unavailable, answer(201, { id: "1" }));
    expect(await client.jobs.enqueue({ type: "t" })).toEqual({ id: "1" });
    expect(seen).toHaveLength(2);
  });

  it("repeats what may have been done already only where that does nothing more", async () => {
    const unsafe = await clientOf(perhapsDone, answer(201, { id: "1" }));
    await expect(unsafe.client.jobs.enqueue({ type: "t" })).rejects.toMatchObject({
      code: "UNAVAILABLE",
      problem: { outcome: "unknown" },
    });
    expect(unsafe.seen).toHaveLength(1);
    const keyed = await clientOf(perhapsDone, answer(200, { id: "1" }));
    expect(await keyed.client.jobs.enqueue({ type: "t", idempotencyKey: "k" })).toEqual({ id: "1" });
    expect(keyed.seen).toHaveLength(2);
  });

  it("repeats a request without an answer only where that is safe", async () => {
    const lost = await clientOf(hangUp, answer(201, { id: "1" }));
    await expect(lost.client.jobs.enqueue({ type: "t" })).rejects.toMatchObject({ code: "NO_ANSWER", status: 0 });
    expect(lost.seen).toHaveLength(1);
    const keyed = await clientOf(hangUp, answer(200, { id: "1" }));
    expect(await keyed.client.jobs.enqueue({ type: "t", idempotencyKey: "k" })).toEqual({ id: "1" });
  });

  it("gives up after its retries and does not repeat what cannot help", async () => {
    const down = await clientOf(unavailable);
    await expect(down.client.queues.list()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(down.seen).toHaveLength(4);
    const wrong = await clientOf(answer(404, problem("JOB_NOT_FOUND", 404, false)));
    await expect(wrong.client.jobs.cancel("1")).rejects.toMatchObject({ code: "JOB_NOT_FOUND" });
    expect(wrong.seen).toHaveLength(1);
  });

  it("answers NO_ANSWER for a server that is silent", async () => {
    const { client } = await impatientClientOf(500, () => undefined);
    await expect(client.jobs.enqueue({ type: "t" })).rejects.toMatchObject({ code: "NO_ANSWER" });
  });

  it("stops when the caller aborts, with the caller's reason", async () => {
    const { client } = await clientOf(unavailable);
    const abort = new AbortController();
    const call = client.jobs.get("1", { signal: abort.signal });
    abort.abort(new Error("changed my mind"));
    await expect(call).rejects.toThrow("changed my mind");
  });

  it("walks every page of a list", async () => {
    const { client, seen } = await clientOf(
      answer(200, { items: [{ id: "3" }, { id: "2" }], nextCursor: "c" }),
      answer(200, { items: [], nextCursor: "d" }),
      answer(200, { items: [{ id: "1" }], nextCursor: null }),
    );
    const ids: string[] = [];
    for await (const job of client.jobs.all({ queue: "q" })) ids.push(job.id);
    expect(ids).toEqual(["3", "2", "1"]);
    expect(seen.map(({ url }) => url)).toEqual([
      "/v1/jobs?queue=q",
      "/v1/jobs?queue=q&cursor=c",
      "/v1/jobs?queue=q&cursor=d",
    ]);
  });

  it("lists the queues of every page", async () => {
    const { client, seen } = await clientOf(
      answer(200, { items: [{ name: "a" }], nextCursor: "c" }),
      answer(200, { items: [{ name: "b" }], nextCursor: null }),
    );
    expect(await client.queues.list()).toEqual([{ name: "a" }, { name: "b" }]);
    expect(seen.map(({ url }) => url)).toEqual(["/v1/queues?limit=100", "/v1/queues?limit=100&cursor=c"]);
  });

  it("waits beyond one long poll until the job is finished", async () => {
    const { client, seen } = await clientOf(answer(202, { status: "running" }), answer(200, { status: "completed" }));
    expect(await client.jobs.wait("1", { timeoutMs: 60_000 })).toEqual({ status: "completed" });
    expect(seen).toHaveLength(2);
  });

  it("doesn't ask a server that ends its waits early again and again", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    let asked = 0;
    const client = createClient({
      baseUrl: "http://api",
      apiKey: "key",
      fetch: () => {
        asked++;
        return Promise.resolve(Response.json({ status: "running" }, { status: 202 }));
      },
    });
    let end: unknown;
    void client.jobs.wait("1", { timeoutMs: 1_000 }).then((job) => (end = job));
    while (end === undefined) await vi.advanceTimersByTimeAsync(10);
    expect(end).toEqual({ status: "running" });
    expect(asked).toBeGreaterThan(2);
    expect(asked).toBeLessThan(8);
  });
});
