import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, describe, expect, it, vi } from "vitest";

import { createClient } from "./client.ts";
import { createIngestClient } from "./ingest.ts";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

interface Answer {
  readonly status?: number;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  /** Answers once this resolves. */
  readonly after?: Promise<void>;
}

const none = {
  acceptedCount: 0,
  duplicateCount: 0,
  rejectedCount: 0,
  visibilityToken: "t",
  errors: [],
  errorsOmitted: 0,
  status: "accepted",
};
const busy = (code: string, status: number): Answer => ({
  status,
  body: { type: "about:blank", title: code, status, detail: "Busy.", code, retryable: true },
  headers: { "retry-after": "0" },
});

/** A client of a server that answers as it is told, the last answer again and again; undefined hangs up. */
async function open(...answers: (Answer | undefined)[]) {
  const seen: { url: string; type: string | undefined; body: string; keys: string[] }[] = [];
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += String(chunk)));
    request.on("end", () => {
      const keys = [...body.matchAll(/"idempotencyKey":"([^"]+)"/g)].map(([, key]) => key ?? "");
      seen.push({ url: request.url ?? "", type: request.headers["content-type"], body, keys });
      const answer = answers[Math.min(seen.length, answers.length) - 1];
      if (answer === undefined) {
        response.destroy();
        return;
      }
      const { status = 202, headers = {}, after } = answer;
      const text = JSON.stringify({ ...(status < 300 ? { ...none, acceptedCount: keys.length } : {}), ...answer.body });
      void Promise.resolve(after).then(() =>
        response.writeHead(status, { "content-type": "application/json", ...headers }).end(text),
      );
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { seen, client: createClient({ baseUrl: `http://127.0.0.1:${port}`, apiKey: "key", timeoutMs: 30_000 }) };
}

const record = (key: string) => ({ idempotencyKey: key, payload: { n: 1 } });

describe("ingest", () => {
  it("sends records as JSON, a bigint with all its digits, and makes keys for those without", async () => {
    const { client, seen } = await open({});
    const answer = await client.ingest(
      "my clicks",
      [{ ...record("a"), payload: { n: 9_007_199_254_740_993n } }, { payload: {} }],
      { atomic: true },
    );
    expect(answer.acceptedCount).toBe(2);
    expect(seen[0]).toMatchObject({ url: "/v1/ingest/my%20clicks", type: "application/json" });
    expect(seen[0]?.body).toContain('"n":9007199254740993');
    expect(seen[0]?.body).toContain('"atomic":true');
    expect(seen[0]?.keys[1]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("sends the same keys again after a lost answer", async () => {
    const { client, seen } = await open(undefined, busy("RATE_LIMITED", 429), {});
    await client.ingest("t", [{ payload: {} }]);
    expect(seen).toHaveLength(3);
    expect(new Set(seen.map(({ body }) => body)).size).toBe(1);
  });
});

describe("ingestStream", () => {
  it("sends batches of lines, with errors by their place in the whole", async () => {
    const bad = { index: 2, key: "k", code: "SCHEMA_MISMATCH", path: "payload.n", message: "A number." };
    const { client, seen } = await open({}, { body: { errors: [bad], rejectedCount: 1 } });
    const answers = await Array.fromAsync(
      client.ingestStream(
        "t",
        Array.from({ length: 5 }, (_, n) => record(`k${n}`)),
        { batchRecordsMax: 3 },
      ),
    );
    expect(seen.map(({ keys, type }) => [keys.length, type])).toEqual([
      [3, "application/x-ndjson"],
      [2, "application/x-ndjson"],
    ]);
    expect(answers[1]?.errors[0]?.index).toBe(4);
  });

  it("waits longer for a batch than for other calls, since the server may hold an upload back", async () => {
    const waits: (number | undefined)[] = [];
    const { ingestStream } = createIngestClient(async ({ timeoutMs }) => {
      waits.push(timeoutMs);
      return { status: 202, body: none };
    });
    await Array.fromAsync(ingestStream("t", [record("a")]));
    expect(waits).toEqual([90_000]);
  });

  it("reads on only once a batch is stored", async () => {
    const gate = Promise.withResolvers<void>();
    const { client, seen } = await open({ after: gate.promise });
    let read = 0;
    async function* endless() {
      for (;;) yield record(`k${read++}`);
    }
    const stream = client.ingestStream("t", endless(), { batchRecordsMax: 10 });
    const first = stream.next();
    await vi.waitFor(() => expect(seen).toHaveLength(1));
    expect(read).toBe(10);
    gate.resolve();
    await first;
    expect(read).toBe(10);
  });
});

describe("an ingester", () => {
  it("gathers what comes within a moment into one request", async () => {
    const { client, seen } = await open({});
    const ingester = client.ingester("t", { lingerMs: 20 });
    for (let n = 0; n < 100; n++) await ingester.add(record(`k${n}`));
    await vi.waitFor(() => expect(seen).toHaveLength(1));
    expect(seen[0]?.keys).toHaveLength(100);
    await ingester.close();
    expect(seen).toHaveLength(1);
    await expect(ingester.add(record("late"))).rejects.toThrow("closed");
  });

  it("lets add wait while the buffer is full", async () => {
    const gate = Promise.withResolvers<void>();
    const { client, seen } = await open({ after: gate.promise }, {});
    const ingester = client.ingester("t", { batchRecordsMax: 5, bufferRecordsMax: 10, lingerMs: 0 });
    for (let n = 0; n < 10; n++) await ingester.add(record(`k${n}`));
    let added = false;
    const eleventh = ingester.add(record("k10")).then(() => (added = true));
    await vi.waitFor(() => expect(seen).toHaveLength(1));
    expect(added).toBe(false);
    gate.resolve();
    await eleventh;
    await ingester.close();
    expect(seen.flatMap(({ keys }) => keys)).toEqual(Array.from({ length: 11 }, (_, n) => `k${n}`));
  });

  it("bounds its batches and its buffer by characters too", async () => {
    const gate = Promise.withResolvers<void>();
    const { client, seen } = await open({ after: gate.promise }, {});
    const ingester = client.ingester("t", { batchCharactersMax: 1_000, bufferCharactersMax: 2_000, lingerMs: 0 });
    const large = (key: string) => ({ idempotencyKey: key, payload: { text: "x".repeat(400) } });
    let added = 0;
    const adding = (async () => {
      for (; added < 9; added++) await ingester.add(large(`k${added}`));
    })();
    await vi.waitFor(() => expect(seen).toHaveLength(1));
    expect(added).toBe(5);
    gate.resolve();
    await adding;
    await ingester.close();
    expect(seen.every(({ body }) => body.length <= 1_000)).toBe(true);
    expect(seen.flatMap(({ keys }) => keys)).toEqual(Array.from({ length: 9 }, (_, n) => `k${n}`));
  });

  it("goes on as long as the API asks for patience, with the same keys", async () => {
    const { client, seen } = await open(
      ...Array.from({ length: 9 }, (_, n) => busy(n % 2 ? "RATE_LIMITED" : "UNAVAILABLE", n % 2 ? 429 : 503)),
      {},
    );
    const ingester = client.ingester("t");
    await ingester.add({ payload: {} });
    await ingester.flush();
    expect(seen).toHaveLength(10);
    expect(new Set(seen.map(({ body }) => body)).size).toBe(1);
  });

  it("tells of refused records, or fails with the first where nobody listens", async () => {
    const bad = { index: 1, key: "k", code: "SCHEMA_MISMATCH", path: "payload.n", message: "A number." };
    const { client } = await open({ body: { errors: [bad], rejectedCount: 1 } });
    const told: unknown[] = [];
    const listening = client.ingester("t", {
      onRejected: (error, from) => told.push([error.path, from.idempotencyKey]),
    });
    await listening.add(record("k"));
    await listening.close();
    expect(told).toEqual([["payload.n", "k"]]);
    const silent = client.ingester("t");
    await silent.add(record("k"));
    await expect(silent.close()).rejects.toMatchObject({ code: "SCHEMA_MISMATCH" });
  });

  it("fails for good where trying again can't help, and drops nothing silently", async () => {
    const { client } = await open({
      ...busy("FORBIDDEN", 403),
      body: { type: "", title: "", status: 403, detail: "No.", code: "FORBIDDEN", retryable: false },
    });
    const ingester = client.ingester("t");
    await ingester.add(record("k"));
    await expect(ingester.flush()).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(ingester.add(record("k2"))).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(ingester.close()).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});
