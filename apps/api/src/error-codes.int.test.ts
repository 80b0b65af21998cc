import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, expect, test } from "vitest";

import { type ErrorCode, errorCatalogue, problemType } from "@millrace/contract";
import { encodeVisibilityToken } from "@millrace/core";
import { type TestDatabase, testDatabase } from "@millrace/storage/testing";

import { loseFile } from "./testing/lose-file.ts";
import { openSocket, parseReply } from "./testing/open-socket.ts";
import { type RequestOptions, type TestApi, startTestApi } from "./testing/start-test-api.ts";

const values = { "server.headerBytesMax": 4_096, "query.bytesMax": 100_000 };
const endless = "select count(*) from range(100000) a, range(100000) b, range(1000) c";

let database: TestDatabase;
let api: TestApi;
let broken: TestApi;
/** One that waits for nobody: what is sent to the others may take its time. */
let hasty: TestApi;
let key: string;

beforeAll(async () => {
  database = await testDatabase();
  api = await startTestApi({ database, lake: true, values });
  broken = await startTestApi({
    database,
    waitersMax: 0,
    replace: (composition) => ({
      ...composition,
      store: { ...composition.store, queueStats: () => Promise.reject(new TypeError("a fault")) },
      checkReady: async () => [{ name: "database", ok: false, problem: "It is away." }],
    }),
  });
  hasty = await startTestApi({ database, values: { "server.headersTimeoutMs": 100 } });
  ({ key } = await api.makeKey());
});
afterAll(async () => {
  await api.close();
  await broken.close();
  await hasty.close();
  await database.close();
});

interface Seen {
  readonly status: number;
  readonly problem: Readonly<Record<string, unknown>>;
}

async function ask(what: string, options: RequestOptions = {}, of = api): Promise<Seen> {
  const { status, json } = await of.ask(what, { key, ...options });
  return { status, problem: json };
}

async function send(text: string, of = api): Promise<Seen> {
  const socket = await openSocket(of.port);
  socket.send(text);
  const { status, body } = parseReply(await socket.closed());
  socket.destroy();
  return { status, problem: JSON.parse(body) as Readonly<Record<string, unknown>> };
}

async function makeJob(more: object = {}): Promise<string> {
  return (await api.ask("POST /v1/jobs", { key, body: { type: "t", ...more } })).json.id;
}

/** A token of an event in a table. */
async function ingest(name: string): Promise<unknown> {
  await api.ask("POST /v1/tables", { key, body: { name, columns: [{ name: "a", type: "int64" }] } });
  const records = [{ idempotencyKey: randomUUID(), payload: { a: 1 } }];
  const { json } = await api.ask(`POST /v1/ingest/${name}`, { key, body: { records } });
  return json["visibilityToken"];
}

/** A token of an event that is in the log, and in no snapshot. */
async function unseenToken(): Promise<unknown> {
  await api.materialiser.stop();
  return ingest("late");
}

/** The id of a snapshot that was published, and has expired since. */
async function expiredSnapshot(): Promise<number> {
  const minVisibilityToken = await unseenToken();
  await api.materialiser.start();
  const { json } = await api.ask("POST /v1/query", { key, body: { sql: "select 1", minVisibilityToken } });
  const text = "update millrace.lake_snapshots set expired_at = now() where snapshot_id = $1::bigint";
  await api.composition.db.query({ name: "test.expire", text }, [Number(json["snapshotId"])]);
  return Number(json["snapshotId"]);
}

/** How each code comes about over HTTP. */
const produce: Readonly<Partial<Record<ErrorCode, () => Promise<Seen>>>> = {
  VALIDATION_FAILED: () => ask("POST /v1/jobs", { body: {} }),
  MALFORMED_REQUEST: () => send("nonsense\r\n\r\n"),
  MALFORMED_JSON: () => ask("POST /v1/jobs", { body: "{" }),
  UNSUPPORTED_MEDIA_TYPE: () => ask("POST /v1/jobs", { body: "{}", headers: { "content-type": "text/plain" } }),
  PAYLOAD_TOO_LARGE: () => ask("POST /v1/jobs", { body: "x".repeat(2 * 1024 * 1024) }),
  HEADERS_TOO_LARGE: () => send(`GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(5_000)}\r\n\r\n`),
  REQUEST_TIMEOUT: () => send("GET / HTTP/1.1\r\nHost:", hasty),
  UNAUTHENTICATED: () => ask("GET /v1/jobs", { key: undefined }),
  FORBIDDEN: async () => ask("GET /v1/keys", { key: (await api.makeKey({ scopes: ["jobs:read"] })).key }),
  NOT_FOUND: () => ask("GET /v1/nowhere"),
  METHOD_NOT_ALLOWED: () => ask("PUT /v1/jobs"),
  JOB_NOT_FOUND: () => ask(`GET /v1/jobs/${randomUUID()}`),
  TABLE_NOT_FOUND: () => ask("GET /v1/tables/nowhere"),
  SCHEMA_INCOMPATIBLE: async () => {
    await ask("POST /v1/tables", { body: { name: "narrow", columns: [{ name: "a", type: "varchar" }] } });
    return ask("PATCH /v1/tables/narrow", { body: { widenColumns: [{ name: "a", type: "int32" }] } });
  },
  ALREADY_EXISTS: async () => {
    const body = { name: "taken", cron: "@daily", job: { type: "t" } };
    await ask("POST /v1/schedules", { body });
    return ask("POST /v1/schedules", { body });
  },
  INVALID_STATE: async () => ask(`POST /v1/jobs/${await makeJob()}/retry`),
  LEASE_LOST: async () => {
    const { json } = await api.ask("POST /v1/leases/release", { key, body: { items: [{ leaseToken: "none" }] } });
    const problem = json.items[0]?.["problem"] as Seen["problem"];
    return { status: Number(problem["status"]), problem };
  },
  IDEMPOTENCY_KEY_REUSED: async () => {
    await makeJob({ idempotencyKey: "k" });
    return ask("POST /v1/jobs", { body: { type: "other", idempotencyKey: "k" } });
  },
  DUPLICATE_JOB: async () => {
    await makeJob({ idempotencyKey: "only-once" });
    return ask("POST /v1/jobs", { body: { type: "t", idempotencyKey: "only-once", onDuplicate: "reject" } });
  },
  QUEUE_FULL: async () => {
    await ask("PUT /v1/queues/full", { body: { maxDepth: 1 } });
    await makeJob({ queue: "full" });
    return ask("POST /v1/jobs", { body: { type: "t", queue: "full" } });
  },
  NOT_ACCEPTABLE: () => ask("POST /v1/query", { body: { sql: "select 1" }, headers: { accept: "image/png" } }),
  QUERY_INVALID: () => ask("POST /v1/query", { body: { sql: "selec 1" } }),
  QUERY_FORBIDDEN: () => ask("POST /v1/query", { body: { sql: "from read_text('x')" } }),
  QUERY_TIMEOUT: () => ask("POST /v1/query", { body: { sql: endless, timeoutMs: 100 } }),
  RESULT_TOO_LARGE: () => ask("POST /v1/query", { body: { sql: "select repeat('x', 1000) from range(1000)" } }),
  SNAPSHOT_NOT_FOUND: () => ask("GET /v1/snapshots/4711"),
  SNAPSHOT_EXPIRED: async () => {
    const snapshotId = await expiredSnapshot();
    return ask("POST /v1/query", { body: { sql: "select 1", snapshotId } });
  },
  INTEGRITY_CHECK_FAILED: async () => {
    await api.materialiser.start();
    const body = { sql: "select * from damaged", minVisibilityToken: await ingest("damaged") };
    await ask("POST /v1/query", { body });
    await loseFile(api, "acme", "damaged");
    return ask("POST /v1/query", { body });
  },
  VISIBILITY_TOKEN_INVALID: () => ask("POST /v1/query", { body: { sql: "select 1", minVisibilityToken: "none" } }),
  TOKEN_SCOPE_MISMATCH: async () => {
    const minVisibilityToken = encodeVisibilityToken("another", 1);
    return ask("POST /v1/query", { body: { sql: "select 1", minVisibilityToken } });
  },
  CONSISTENCY_TIMEOUT: async () => {
    const minVisibilityToken = await unseenToken();
    return ask("POST /v1/query", { body: { sql: "select 1", minVisibilityToken, consistencyTimeoutMs: 0 } });
  },
  RATE_LIMITED: async () => ask(`GET /v1/jobs/${await makeJob()}/wait`, {}, broken),
  UNAVAILABLE: () => ask("GET /v1/ready", {}, broken),
  INTERNAL: () => ask("GET /v1/queues", {}, broken),
};

/** Codes that no route answers with, and where they are produced instead. */
const elsewhere: Readonly<Partial<Record<ErrorCode, string>>> = {
  QUERY_TOO_LARGE: "a query that ends its process; the engine's own tests have it",
  SCHEMA_MISMATCH: "a record's own error, within the answer to an ingest",
};

test.each(Object.keys(errorCatalogue) as ErrorCode[])("%s is produced as it is documented", async (code) => {
  const seen = await produce[code]?.();
  if (seen === undefined) {
    expect(Object.keys(elsewhere)).toContain(code);
    return;
  }
  const { status, title, retryable } = errorCatalogue[code];
  expect(seen.status).toBe(status);
  expect(seen.problem).toMatchObject({
    type: problemType(code),
    title,
    status,
    code,
    retryable,
    detail: expect.stringMatching(/^[A-Z].*\.$/),
    traceId: expect.any(String),
  });
});
