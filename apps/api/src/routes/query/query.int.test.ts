import { randomUUID } from "node:crypto";
import { request } from "node:http";

import { describe, expect, test, vi } from "vitest";

import { apiOfFile } from "../../testing/api-of-file.ts";
import { loseFile } from "../../testing/lose-file.ts";

const { api, key } = await apiOfFile({
  lake: true,
  values: { "query.rowsMax": 1_000, "query.bytesMax": 100_000, "query.queueMax": 3 },
});

const ask = (what: string, body?: unknown, headers: Readonly<Record<string, string>> = {}, who = key) =>
  api.ask(what, { key: who, body, headers });
const query = (body: object, who = key) => ask("POST /v1/query", body, {}, who);
const rowsOf = async (body: object, who = key) => (await query(body, who)).json["rows"];

async function makeTable(more: object = {}, who = key): Promise<string> {
  const name = `t${randomUUID().replaceAll("-", "")}`;
  const columns = [
    { name: "id", type: "int64" },
    { name: "word", type: "varchar" },
  ];
  const made = await ask("POST /v1/tables", { name, columns, ...more }, {}, who);
  expect(made.status).toBe(201);
  return name;
}

async function send(table: string, payloads: readonly object[], who = key): Promise<string> {
  const records = payloads.map((payload) => ({ idempotencyKey: randomUUID(), payload }));
  const reply = await ask(`POST /v1/ingest/${table}`, { records }, {}, who);
  expect(reply.json["acceptedCount"]).toBe(payloads.length);
  return String(reply.json["visibilityToken"]);
}

describe("POST /v1/query", () => {
  test("shows what an ingest accepted to whoever gives its token, at once and every digit of it", async () => {
    const table = await makeTable();
    for (let round = 1; round <= 5; round++) {
      const records = `{"records":[{"idempotencyKey":"${round}","payload":{"id":900719925474099${round},"word":"ä"}}]}`;
      const sent = await ask(`POST /v1/ingest/${table}`, records);
      const reply = await query({
        sql: `select id, word from ${table} order by id`,
        minVisibilityToken: sent.json["visibilityToken"],
      });
      expect(reply.status).toBe(200);
      const rows = reply.json["rows"] as readonly (readonly unknown[])[];
      expect(rows).toHaveLength(round);
      expect(rows.at(-1)).toEqual([round < 2 ? 9_007_199_254_740_991 : `900719925474099${round}`, "ä"]);
    }
  });

  test("answers JSON, NDJSON, CSV and Parquet, as it is asked to", async () => {
    const table = await makeTable();
    const body = {
      sql: `select id, word from ${table}`,
      minVisibilityToken: await send(table, [{ id: 1, word: "a" }]),
    };
    const json = await ask("POST /v1/query", body, { accept: "text/html;q=0.9, */*;q=0.1" });
    expect(json.json).toMatchObject({
      columns: [
        { name: "id", type: "int64" },
        { name: "word", type: "varchar" },
      ],
      rows: [[1, "a"]],
      truncated: false,
      stats: { rowCount: 1, files: 1 },
    });
    const lines = await ask("POST /v1/query", body, { accept: "application/x-ndjson" });
    expect([lines.headers.get("content-type"), lines.text]).toEqual(["application/x-ndjson", '{"id":1,"word":"a"}\n']);
    expect(Number(lines.headers.get("x-snapshot-id"))).toBe(json.json["snapshotId"]);
    expect((await ask("POST /v1/query", body, { accept: "text/csv" })).text).toBe("id,word\n1,a\n");
    const parquet = await ask("POST /v1/query", body, { accept: "application/vnd.apache.parquet" });
    expect(parquet.text.slice(0, 4)).toBe("PAR1");
    expect((await ask("POST /v1/query", body, { accept: "image/png" })).json).toMatchObject({ code: "NOT_ACCEPTABLE" });
  });

  test("waits for a token no longer than it may, and says how far things are", async () => {
    const table = await makeTable();
    await api.materialiser.stop();
    const token = await send(table, [{ id: 1 }]);
    const body = { sql: `select * from ${table}`, minVisibilityToken: token, consistencyTimeoutMs: 50 };
    const late = await query(body);
    expect([late.status, late.json]).toEqual([
      504,
      expect.objectContaining({
        code: "CONSISTENCY_TIMEOUT",
        requestedOffset: expect.any(Number),
        watermark: expect.any(Number),
        latestVisibilityToken: expect.any(String),
      }),
    ]);
    const waiting = query({ ...body, consistencyTimeoutMs: 30_000 });
    await api.materialiser.start();
    expect((await waiting).json["rows"]).toHaveLength(1);
  });

  test("refuses a token that nobody was given at once, and one of another tenant", async () => {
    const table = await makeTable();
    const token = await send(table, [{ id: 1 }]);
    const changed = `${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`;
    expect((await query({ sql: "select 1", minVisibilityToken: changed })).json).toMatchObject({
      code: "VISIBILITY_TOKEN_INVALID",
    });
    const other = await api.makeKey({ tenantId: "other" });
    expect((await query({ sql: "select 1", minVisibilityToken: token }, other.key)).json).toMatchObject({
      code: "TOKEN_SCOPE_MISMATCH",
    });
  });

  test("travels to a snapshot by its id and by its time, and reads the same there for ever", async () => {
    const table = await makeTable();
    const first = await query({
      sql: `select count(*) from ${table}`,
      minVisibilityToken: await send(table, [{ id: 1 }]),
    });
    const { snapshotId } = first.json;
    const seen = await ask(`GET /v1/snapshots/${String(snapshotId)}`);
    const token = await send(table, [{ id: 2 }, { id: 3 }]);
    const sql = `select count(*) from ${table}`;
    expect(await rowsOf({ sql, minVisibilityToken: token })).toEqual([[3]]);
    expect(await rowsOf({ sql, snapshotId })).toEqual([[1]]);
    expect(await rowsOf({ sql, snapshotTime: seen.json["snapshotTime"] })).toEqual([[1]]);
    expect(await rowsOf({ sql, snapshotId: 0 })).toEqual([[0]]);
    expect((await query({ sql, snapshotId: 1_000_000 })).json).toMatchObject({ code: "SNAPSHOT_NOT_FOUND" });
    expect((await query({ sql, snapshotId, minVisibilityToken: token })).json).toMatchObject({
      code: "VALIDATION_FAILED",
    });
  });

  test("keeps tenants, and tables that a key is not bound to, apart", async () => {
    const table = await makeTable();
    const token = await send(table, [{ id: 1 }]);
    await query({ sql: "select 1", minVisibilityToken: token });
    const other = await api.makeKey({ tenantId: "stranger" });
    expect((await query({ sql: `select * from ${table}` }, other.key)).json).toMatchObject({ code: "QUERY_INVALID" });
    const bound = await api.makeKey({ tables: ["something"] });
    expect((await query({ sql: `select * from ${table}` }, bound.key)).json).toMatchObject({ code: "QUERY_INVALID" });
    const blind = await api.makeKey({ scopes: ["jobs:read"] });
    expect((await query({ sql: "select 1" }, blind.key)).status).toBe(403);
  });

  test("calls a file that is missing a fault, not an expired snapshot: the log names the object, the answer does not", async () => {
    const table = await makeTable();
    const body = { sql: `select * from ${table}`, minVisibilityToken: await send(table, [{ id: 1 }]) };
    expect(await rowsOf(body)).toHaveLength(1);
    const path = await loseFile(api, "acme", table);
    const { status, text, json } = await query(body);
    expect([status, json]).toEqual([
      500,
      expect.objectContaining({ code: "INTEGRITY_CHECK_FAILED", retryable: false }),
    ]);
    expect(json["detail"]).toContain("POST /v1/maintenance/integrity");
    expect(text).not.toContain(path);
    expect(api.logs.filter(({ msg }) => msg === "A request failed")).toMatchObject([
      {
        level: "error",
        errorCode: "INTEGRITY_CHECK_FAILED",
        err: { cause: { message: expect.stringContaining(path) } },
      },
    ]);
    expect(await rowsOf({ sql: "select 1" })).toEqual([[1]]);
  });

  test("answers a tenant without tables", async () => {
    const fresh = await api.makeKey({ tenantId: "fresh" });
    expect((await query({ sql: "select 42 as answer" }, fresh.key)).json).toMatchObject({
      rows: [[42]],
      snapshotId: 0,
      watermark: 0,
    });
  });

  test("cuts rows off at the limit and says so; a result that is too large is refused", async () => {
    expect((await query({ sql: "from range(10)", rowLimit: 3 })).json).toMatchObject({
      rows: [[0], [1], [2]],
      truncated: true,
    });
    expect((await query({ sql: "from range(10)", rowLimit: 2_000 })).json).toMatchObject({ code: "VALIDATION_FAILED" });
    expect((await query({ sql: "select repeat('x', 1000) from range(1000)" })).json).toMatchObject({
      code: "RESULT_TOO_LARGE",
    });
  });

  test("takes parameters by place and by name", async () => {
    expect(await rowsOf({ sql: "select $1::int + $2::int", params: [1, 2] })).toEqual([[3]]);
    expect(await rowsOf({ sql: "select $a || $b", params: { a: "x", b: "y" } })).toEqual([["xy"]]);
    expect(await rowsOf({ sql: "select list_sum($1::int[])", params: [[1, 2, 3]] })).toEqual([[6]]);
  });

  test("stops at its deadline, and goes on with others", async () => {
    const slow = { sql: "select count(*) from range(100000) a, range(100000) b, range(1000) c", timeoutMs: 200 };
    expect((await query(slow)).json).toMatchObject({ code: "QUERY_TIMEOUT" });
    expect((await query({ sql: "select 1" })).status).toBe(200);
  });

  test("stops when its client goes away", async () => {
    const running = () => api.composition.lake?.query?.engine.stats().busy;
    const sent = request(`${api.url}/v1/query`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    });
    sent.on("error", () => undefined);
    sent.end(JSON.stringify({ sql: "select count(*) from range(100000) a, range(100000) b, range(1000) c" }));
    await vi.waitFor(() => expect(running()).toBe(1));
    sent.destroy();
    await vi.waitFor(() => expect(running()).toBe(0));
    expect((await query({ sql: "select 1" })).status).toBe(200);
  });

  test("holds turns of a tenant to its share: more are refused, and told when to try again", async () => {
    const slow = { sql: "select count(*) from range(100000) a, range(100000) b, range(1000) c", timeoutMs: 300 };
    const many = await Promise.all(Array.from({ length: 70 }, () => query(slow)));
    const codes = new Set(many.map(({ json }) => json["code"]));
    expect(codes).toEqual(new Set(["QUERY_TIMEOUT", "RATE_LIMITED"]));
    const refused = many.find(({ status }) => status === 429);
    expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  test("shows the newest row of each key of a table with a primary key", async () => {
    const table = await makeTable({ primaryKey: ["id"] });
    await send(table, [
      { id: 1, word: "a" },
      { id: 2, word: "b" },
    ]);
    const records = [
      { idempotencyKey: randomUUID(), payload: { id: 1, word: "z" } },
      { idempotencyKey: randomUUID(), op: "delete", payload: { id: 2 } },
    ];
    const sent = await ask(`POST /v1/ingest/${table}`, { records });
    const body = { sql: `select id, word from ${table}`, minVisibilityToken: sent.json["visibilityToken"] };
    expect(await rowsOf(body)).toEqual([[1, "z"]]);
  });

  test("reads old files with columns that were added and renamed since", async () => {
    const table = await makeTable();
    await send(table, [{ id: 1, word: "old" }]);
    const changed = await ask(`PATCH /v1/tables/${table}`, {
      renameColumns: [{ from: "word", to: "term" }],
      addColumns: [{ name: "size", type: "int32", default: 7 }],
    });
    expect(changed.status).toBe(200);
    const token = await send(table, [{ id: 2, term: "new", size: 8 }]);
    const body = { sql: `select id, term, size from ${table} order by id`, minVisibilityToken: token };
    expect(await rowsOf(body)).toEqual([
      [1, "old", 7],
      [2, "new", 8],
    ]);
  });
});

describe("snapshots", () => {
  test("are listed, shown, pinned and unpinned, to their tenant only", async () => {
    const table = await makeTable();
    const reply = await query({ sql: "select 1", minVisibilityToken: await send(table, [{ id: 1 }]) });
    const path = `/v1/snapshots/${String(reply.json["snapshotId"])}`;
    expect((await ask("GET /v1/snapshots?limit=1")).json).toMatchObject({
      items: [{ expired: false, pinned: false }],
      nextCursor: expect.any(String),
    });
    expect((await ask(`POST ${path}/pin`, { reason: "x", expiresAt: "2000-01-01T00:00:00Z" })).status).toBe(422);
    expect((await ask(`POST ${path}/pin`, { reason: "the quarter's figures" })).json).toMatchObject({ pinned: true });
    expect((await ask(`GET ${path}`)).json).toMatchObject({ pinned: true });
    expect((await ask(`DELETE ${path}/pin`)).status).toBe(204);
    expect((await ask(`GET ${path}`)).json).toMatchObject({ pinned: false });
    const other = await api.makeKey({ tenantId: "nobody" });
    expect((await ask(`GET ${path}`, undefined, {}, other.key)).json).toMatchObject({ code: "SNAPSHOT_NOT_FOUND" });
    expect((await ask(`POST ${path}/pin`, { reason: "x" }, {}, other.key)).status).toBe(404);
    const audit = await ask("GET /v1/audit?action=snapshot.pin");
    expect(audit.json.items[0]).toMatchObject({ target: String(reply.json["snapshotId"]) });
  });

  test("walk down page by page without gaps", async () => {
    const ids: unknown[] = [];
    let cursor: string | null = "";
    do {
      const page: Awaited<ReturnType<typeof ask>> = await ask(
        `GET /v1/snapshots?limit=2${cursor && `&cursor=${cursor}`}`,
      );
      ids.push(...page.json.items.map((item) => item["snapshotId"]));
      cursor = page.json.nextCursor;
    } while (cursor !== null);
    expect(ids).toEqual(Array.from({ length: ids.length }, (_, index) => ids.length - index));
  });
});
