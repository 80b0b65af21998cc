import { gzipSync } from "node:zlib";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { decodeVisibilityToken } from "@millrace/core";
import { type TestDatabase, testDatabase } from "@millrace/storage/testing";

import { makeTable } from "../../testing/make-table.ts";
import { type Reply, type TestApi, startTestApi } from "../../testing/start-test-api.ts";

let database: TestDatabase;
let api: TestApi;
let key: string;

beforeAll(async () => {
  database = await testDatabase();
  api = await startTestApi({ database });
  ({ key } = await api.makeKey());
  await makeTable(api, {
    name: "clicks",
    columns: { page: "varchar!", n: "int64", price: "decimal(20,4)", at: "timestamp" },
  });
  await makeTable(api, { name: "users", columns: { id: "int64!", name: "varchar" }, primaryKey: ["id"] });
});
afterAll(async () => {
  await api.close();
  await database.close();
});

const post = (body: unknown, headers: Readonly<Record<string, string>> = {}, table = "clicks") =>
  api.ask(`POST /v1/ingest/${table}`, { key, body, headers });
const ndjson = (body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}, query = "") =>
  api.ask(`POST /v1/ingest/clicks${query}`, {
    key,
    body,
    headers: { "content-type": "application/x-ndjson", ...headers },
  });
const record = (idempotencyKey: string, more: object = {}) => ({ idempotencyKey, payload: { page: "/" }, ...more });
const counts = ({ json }: Reply) => [json["acceptedCount"], json["duplicateCount"], json["rejectedCount"]];
const problems = ({ json }: Reply) =>
  (json.errors as readonly { index?: number; code: string; path: string }[]).map(
    ({ index, code, path }) => `${index} ${code} ${path}`,
  );
const offsetOf = ({ json }: Reply) => decodeVisibilityToken("acme", String(json["visibilityToken"]));

/** The payloads in the log, by key. */
async function stored(prefix: string): Promise<Readonly<Record<string, string>>> {
  const rows = await api.composition.db.query<{ key: string; payload: string }>(
    {
      name: "test.events",
      text: "select key, payload from millrace.events where starts_with(key, $1) order by event_offset",
    },
    [prefix],
  );
  return Object.fromEntries(rows.map((row) => [row.key, row.payload]));
}

describe("POST /v1/ingest/{table} with JSON", () => {
  test("202: says of each record what became of it, and where the newest is", async () => {
    const first = await post({ records: [record("a1"), record("a2", { eventTime: "2026-01-02T03:04:05+01:00" })] });
    expect([first.status, first.json["status"], ...counts(first)]).toEqual([202, "accepted", 2, 0, 0]);
    const again = await post({ records: [record("a1"), record("a3"), { idempotencyKey: "a4", payload: { n: 1 } }] });
    expect([again.status, ...counts(again)]).toEqual([202, 1, 1, 1]);
    expect(problems(again)).toEqual(["2 SCHEMA_MISMATCH payload.page"]);
    expect(offsetOf(again)).toBe(offsetOf(first) + 1);
    expect(Object.keys(await stored("a"))).toEqual(["a1", "a2", "a3"]);
  });

  test("202: a token covers what was accepted long before, duplicates alone included", async () => {
    const first = await post({ records: [record("b1"), record("b2")] });
    await post({ records: [record("b3")] });
    const again = await post({ records: [record("b2"), record("b1")] });
    expect(counts(again)).toEqual([0, 2, 0]);
    expect([again.json["status"], offsetOf(again)]).toEqual(["accepted", offsetOf(first)]);
  });

  test("202: the same key with another record is that record's error, with members in another order it is the same", async () => {
    await post({ records: [record("c1", { payload: { page: "/", n: 1 } })] });
    const again = await post({
      records: [record("c1", { payload: { n: 1.0, page: "/" } }), record("c1", { payload: { page: "/", n: 2 } })],
    });
    expect(counts(again)).toEqual([0, 1, 1]);
    expect(problems(again)).toEqual(["1 IDEMPOTENCY_KEY_REUSED idempotencyKey"]);
    expect(await stored("c1")).toEqual({ c1: '{"page":"/","n":1}' });
  });

  test("202: of the same key twice in one request the first one counts", async () => {
    const reply = await post({ records: [record("d1"), record("d1"), record("d1", { payload: { page: "/other" } })] });
    expect(counts(reply)).toEqual([1, 1, 1]);
    expect(problems(reply)).toEqual(["2 IDEMPOTENCY_KEY_REUSED idempotencyKey"]);
  });

  test("202: atomic stores all or nothing", async () => {
    const bad = await post({ atomic: true, records: [record("e1"), record("e2", { payload: {} }), record("e3")] });
    expect([bad.json["status"], bad.json["visibilityToken"], ...counts(bad)]).toEqual(["rejected", null, 0, 0, 3]);
    expect(problems(bad)).toEqual(["0 BATCH_REJECTED ", "1 SCHEMA_MISMATCH payload.page", "2 BATCH_REJECTED "]);
    expect(await stored("e")).toEqual({});
    await post({ records: [record("e4")] });
    const reused = await post({ atomic: true, records: [record("e5"), record("e4", { payload: { page: "/x" } })] });
    expect(problems(reused)).toEqual(["0 BATCH_REJECTED ", "1 IDEMPOTENCY_KEY_REUSED idempotencyKey"]);
    expect(Object.keys(await stored("e"))).toEqual(["e4"]);
    expect(counts(await post({ atomic: true, records: [record("e5"), record("e4")] }))).toEqual([1, 1, 0]);
  });

  test("202: numbers are stored as sent or refused, never bent", async () => {
    const sent = (name: string, value: string) => `{"idempotencyKey":"f${name}","payload":{"page":"/",${value}}}`;
    const body = `{"records":[${[
      sent("1", '"n":9007199254740993'),
      sent("2", '"n":-9223372036854775808'),
      sent("3", '"n":9223372036854775808'),
      sent("4", '"n":1.5'),
      sent("5", '"price":1234567890123456.7891'),
      sent("6", '"price":0.00001'),
      sent("7", '"n":"12"'),
    ].join(",")}]}`;
    const reply = await post(body);
    expect(problems(reply)).toEqual([
      "2 SCHEMA_MISMATCH payload.n",
      "3 SCHEMA_MISMATCH payload.n",
      "5 SCHEMA_MISMATCH payload.price",
      "6 SCHEMA_MISMATCH payload.n",
    ]);
    expect(await stored("f")).toEqual({
      f1: '{"page":"/","n":9007199254740993}',
      f2: '{"page":"/","n":-9223372036854775808}',
      f5: '{"page":"/","price":"1234567890123456.7891"}',
    });
  });

  test("202: every problem around the payload is named", async () => {
    const reply = await post({
      records: [
        "text",
        { payload: { page: "/" } },
        record("", {}),
        record("g\0"),
        record("g\ud800"),
        record("g".repeat(513)),
        record("g1", { op: "upsert" }),
        record("g2", { op: "replace" }),
        record("g3", { eventTime: "yesterday" }),
        record("g4", { payload: [1] }),
        record("g5", { surprise: 1 }),
        record("g6", { payload: { page: "x".repeat(256 * 1024) } }),
        record("g7", { payload: { page: "a\0" } }),
        record("g8", { payload: { page: "/", other: 1 } }),
      ],
    });
    expect([reply.status, reply.json["status"], ...counts(reply)]).toEqual([202, "rejected", 0, 0, 14]);
    expect(problems(reply)).toEqual([
      "0 VALIDATION_FAILED ",
      "1 VALIDATION_FAILED idempotencyKey",
      "2 VALIDATION_FAILED idempotencyKey",
      "3 VALIDATION_FAILED idempotencyKey",
      "4 VALIDATION_FAILED idempotencyKey",
      "5 VALIDATION_FAILED idempotencyKey",
      "6 VALIDATION_FAILED op",
      "7 VALIDATION_FAILED op",
      "8 VALIDATION_FAILED eventTime",
      "9 VALIDATION_FAILED payload",
      "10 VALIDATION_FAILED surprise",
      "11 PAYLOAD_TOO_LARGE payload",
      "12 SCHEMA_MISMATCH payload.page",
      "13 SCHEMA_MISMATCH payload.other",
    ]);
  });

  test("202: names a hundred problems and counts the rest", async () => {
    const reply = await post({ records: Array.from({ length: 150 }, () => ({})) });
    expect([reply.json.errors.length, reply.json["errorsOmitted"], reply.json["rejectedCount"]]).toEqual([
      100, 200, 150,
    ]);
  });

  test("202: an answer doesn't grow with the names that were sent", async () => {
    const long = "x".repeat(20_000);
    const records = [
      record("t1", { payload: { page: "/", [long]: 1 } }),
      record("t2", { payload: { page: "/", at: { ["a.".repeat(5_000)]: 1 } } }),
      record("t3", { [long]: 1 }),
      record("t4", { payload: { page: "/", ["a.".repeat(5_000)]: 1 } }),
    ];
    const reply = await post({ records });
    expect(counts(reply)).toEqual([0, 0, 4]);
    expect(reply.text.length).toBeLessThan(4_000);
    expect(problems(reply)[0]).toBe(`0 SCHEMA_MISMATCH payload.${"x".repeat(60)}…`);
  });

  test("202: a table with a primary key takes every op, and upserts by default", async () => {
    const user = (name: string, more: object) => ({ idempotencyKey: name, payload: { id: 1 }, ...more });
    const reply = await post(
      { records: [user("h1", {}), user("h2", { op: "insert" }), user("h3", { op: "delete" })] },
      {},
      "users",
    );
    expect(counts(reply)).toEqual([3, 0, 0]);
    const rows = await api.composition.db.query<{ op: string }>(
      { name: "test.ops", text: "select op from millrace.events where starts_with(key, 'h') order by event_offset" },
      [],
    );
    expect(rows.map(({ op }) => op)).toEqual(["upsert", "insert", "delete"]);
  });

  test("202: fifty at once with one key are one event", async () => {
    const replies = await Promise.all(Array.from({ length: 50 }, () => post({ records: [record("i1")] })));
    expect(replies.filter((reply) => reply.json["acceptedCount"] === 1)).toHaveLength(1);
    expect(new Set(replies.map(offsetOf)).size).toBe(1);
  });

  test("202: takes gzip", async () => {
    const body = gzipSync(JSON.stringify({ records: [record("j1")] }));
    expect(counts(await post(body, { "content-encoding": "gzip" }))).toEqual([1, 0, 0]);
  });

  test.each(["", "{", "[1", '{"records":[01]}'])("400: %j is no JSON", async (body) => {
    expect((await post(body)).json.code).toBe("MALFORMED_JSON");
  });

  test("401 and 403: no key, too little scope, another table", async () => {
    expect((await api.ask("POST /v1/ingest/clicks", { body: {} })).status).toBe(401);
    const reader = await api.makeKey({ scopes: ["query:read"] });
    expect((await api.ask("POST /v1/ingest/clicks", { key: reader.key, body: {} })).status).toBe(403);
  });

  test("404: no such table, and another tenant's", async () => {
    expect((await post({ records: [record("k1")] }, {}, "nothing")).json.code).toBe("TABLE_NOT_FOUND");
    const other = await api.makeKey({ tenantId: "other" });
    const reply = await api.ask("POST /v1/ingest/clicks", { key: other.key, body: { records: [record("k1")] } });
    expect([reply.status, reply.json.code]).toEqual([404, "TABLE_NOT_FOUND"]);
  });

  test("409: the tables of the system are Millrace's own", async () => {
    const reply = await post({ records: [record("k1")] }, {}, "system.jobs");
    expect([reply.status, reply.json.code]).toEqual([409, "INVALID_STATE"]);
    const bound = await api.makeKey({ tables: ["clicks"] });
    const hidden = await api.ask("POST /v1/ingest/system.jobs", { key: bound.key, body: { records: [record("k1")] } });
    expect(hidden.status).toBe(404);
  });

  test("413: a body over the limit, inflated too", async () => {
    const bytesMax = api.config.ingest.bodyBytesMax;
    expect((await post("x".repeat(bytesMax + 1))).status).toBe(413);
    const bomb = gzipSync(Buffer.alloc(bytesMax * 4, " "));
    expect((await post(bomb, { "content-encoding": "gzip" })).json.code).toBe("PAYLOAD_TOO_LARGE");
  });

  test("413: a body whose values would not fit in memory, though its text does", async () => {
    const dense = `{"records":[{"idempotencyKey":"u1","payload":{"page":[${"[],".repeat(400_000)}[]]}}]}`;
    expect((await post(dense)).json.code).toBe("PAYLOAD_TOO_LARGE");
  });

  test("415: another type or encoding", async () => {
    const csv = await post("a,b", { "content-type": "text/csv" });
    expect([csv.status, csv.headers.get("accept")]).toEqual([415, "application/json, application/x-ndjson"]);
    expect(csv.json["detail"]).toContain("application/x-ndjson");
    expect((await post({ records: [] }, { "content-encoding": "br" })).status).toBe(415);
  });

  test.each([
    ['{"records":[]}', "records"],
    ["{}", "records"],
    ['{"records":[{}],"more":1}', "more"],
    ['{"records":[{}],"atomic":"yes"}', "atomic"],
    ['{"records":[{}],"waitForVisibility":true}', "waitForVisibility"],
    ['{"records":[{}],"visibilityTimeoutMs":60001}', "visibilityTimeoutMs"],
    ['{"records":[{"payload":{"a":1,"a":2}}]}', "records.0.payload.a"],
    [JSON.stringify({ records: Array.from({ length: 10_001 }, () => 0) }), "records"],
    ["null", ""],
  ])("422: %.60s is no request", async (body, path) => {
    const reply = await post(body);
    expect([reply.status, reply.json.errors[0]?.path]).toEqual([422, path]);
  });

  test("422: headers and parameters that mean nothing here", async () => {
    const body = { records: [record("l1")] };
    expect((await post(body, { "idempotency-key": "x" })).status).toBe(422);
    expect((await post(body, { "x-idempotency-prefix": "x" })).status).toBe(422);
    expect((await api.ask("POST /v1/ingest/clicks?waitForVisibility=true", { key, body })).status).toBe(422);
  });
});

describe("POST /v1/ingest/{table} with NDJSON", () => {
  const lines = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, n) => JSON.stringify(record(`${prefix}${n}`))).join("\n");

  test("202: takes any number of records, with and without gzip, and knows them again", async () => {
    const body = lines("m", 2_500);
    expect(counts(await ndjson(body))).toEqual([2_500, 0, 0]);
    expect(counts(await ndjson(gzipSync(body), { "content-encoding": "gzip" }))).toEqual([0, 2_500, 0]);
    expect(Object.keys(await stored("m"))).toHaveLength(2_500);
  });

  test("202: counts each record once, also where chunks are published at the same time", async () => {
    const count = async () => {
      const { text } = await api.ask("GET /v1/metrics");
      return Number(/^millrace_events_ingested_total\{table="clicks",outcome="accepted"\} (\d+)$/m.exec(text)?.[1]);
    };
    const before = await count();
    await ndjson(lines("r", 5_000));
    expect((await count()) - before).toBe(5_000);
  });

  test("202: takes CRLF, a byte order mark, empty lines and a last line without an end", async () => {
    const body = `\uFEFF${JSON.stringify(record("n1"))}\r\n\r\n  \n${JSON.stringify(record("n2"))}\n\n${JSON.stringify(record("n3"))}`;
    expect(counts(await ndjson(body))).toEqual([3, 0, 0]);
  });

  test("202: a line that is broken is that line's error, by its number", async () => {
    const broken = Buffer.concat([
      Buffer.from(`${JSON.stringify(record("o1"))}\n{"a"\n`),
      Buffer.from([0x22, 0xff, 0xfe, 0x22, 0x0a]),
      Buffer.from(`{"idempotencyKey":"o4","payload":{"page":"${"x".repeat(300_000)}"}}\n`),
      Buffer.from('{"idempotencyKey":"o5","payload":{"page":"a","page":"b"}}\n'),
      Buffer.from('\n{"idempotencyKey":"o7","payload":{"n":12345678901234567890}}\n'),
      Buffer.from(`${JSON.stringify(record("o8"))}\n`),
    ]);
    const reply = await ndjson(broken);
    expect(counts(reply)).toEqual([2, 0, 5]);
    expect(problems(reply)).toEqual([
      "2 MALFORMED_JSON ",
      "3 MALFORMED_JSON ",
      "4 PAYLOAD_TOO_LARGE ",
      "5 VALIDATION_FAILED payload.page",
      "7 SCHEMA_MISMATCH payload.n",
      "7 SCHEMA_MISMATCH payload.page",
    ]);
  });

  test("202: lines without a key have that of their place", async () => {
    const body =
      '{"payload":{"page":"/1"}}\n\n{"payload":{"page":"/3"}}\n{"idempotencyKey":"p-own","payload":{"page":"/4"}}';
    expect(counts(await ndjson(body, { "x-idempotency-prefix": "p" }))).toEqual([3, 0, 0]);
    expect(Object.keys(await stored("p"))).toEqual(["p:1", "p:3", "p-own"]);
    expect(counts(await ndjson(body, { "x-idempotency-prefix": "p" }))).toEqual([0, 3, 0]);
    expect(counts(await ndjson('{"payload":{"page":"/1"}}'))).toEqual([0, 0, 1]);
  });

  test("202: line 11 under one prefix and line 1 under a longer one have two keys", async () => {
    const eleventh = `${"\n".repeat(10)}{"payload":{"page":"/11"}}`;
    expect(counts(await ndjson(eleventh, { "x-idempotency-prefix": "s" }))).toEqual([1, 0, 0]);
    expect(counts(await ndjson('{"payload":{"page":"/1"}}', { "x-idempotency-prefix": "s1" }))).toEqual([1, 0, 0]);
  });

  test("202: a body of nothing is no record", async () => {
    const reply = await ndjson("\n\n");
    expect([reply.status, reply.json["status"], ...counts(reply)]).toEqual([202, "rejected", 0, 0, 0]);
  });

  test("400: what is no gzip; what came before it stays", async () => {
    expect((await ndjson("plain", { "content-encoding": "gzip" })).status).toBe(400);
    const whole = gzipSync(lines("q", 5_000));
    const cut = await ndjson(whole.subarray(0, whole.length - 10), { "content-encoding": "gzip" });
    expect([cut.status, cut.json.code]).toEqual([400, "MALFORMED_JSON"]);
    expect(Number(cut.json["acceptedCount"])).toBe(Object.keys(await stored("q")).length);
    expect(Number(cut.json["acceptedCount"])).toBeGreaterThan(0);
    const again = await ndjson(whole, { "content-encoding": "gzip" });
    expect(Number(again.json["acceptedCount"]) + Number(again.json["duplicateCount"])).toBe(5_000);
  });

  test("413: what inflates without end and without a record", async () => {
    for (const filler of ["\n", "x"]) {
      const bomb = gzipSync(Buffer.alloc(40 * 1024 * 1024, filler));
      expect((await ndjson(bomb, { "content-encoding": "gzip" })).json.code).toBe("PAYLOAD_TOO_LARGE");
    }
  });

  test("422: a body of broken lines ends after ten thousand, with its counts", async () => {
    const bomb = gzipSync(Buffer.from("x\n".repeat(5_000_000)));
    const reply = await ndjson(bomb, { "content-encoding": "gzip" });
    expect([reply.status, reply.json["rejectedCount"]]).toEqual([422, 10_000]);
    expect(reply.json["detail"]).toContain("in a row");
  });

  test("422: a prefix that is none, atomic, and waiting where nobody can tell", async () => {
    for (const prefix of ["é", "x".repeat(481)]) {
      expect((await ndjson("{}", { "x-idempotency-prefix": prefix })).status).toBe(422);
    }
    expect((await ndjson("{}", {}, "?atomic=true")).status).toBe(422);
    expect((await ndjson("{}", {}, "?waitForVisibility=true")).status).toBe(422);
  });
});

describe("POST /v1/ingest/{table} into a table that evolves", () => {
  test("202: a record whose new fields can't be columns is refused alone, and the table grows by the others", async () => {
    await makeTable(api, { name: "growing", columns: { id: "int64" }, schemaMode: "evolve" });
    const wide = Object.fromEntries(Array.from({ length: 600 }, (_, n) => [`wide${n}`, 1]));
    const sent = (name: string, payload: object) => ({ idempotencyKey: name, payload });
    const records = [
      sent("ev1", { id: 1, Amount: 5 }),
      sent("ev2", { id: 2, amount: 6 }),
      sent("ev3", { id: 3, ...wide }),
      sent("ev4", { id: 4, city: "Bern" }),
      sent("ev5", { id: 5 }),
    ];
    const reply = await post({ records }, {}, "growing");
    expect(counts(reply)).toEqual([3, 0, 2]);
    expect(problems(reply)).toEqual(["1 SCHEMA_MISMATCH payload.amount", "2 SCHEMA_MISMATCH payload.wide498"]);
    expect(Object.keys(await stored("ev"))).toEqual(["ev1", "ev4", "ev5"]);
    const atomic = await post({ atomic: true, records: [sent("ev6", { id: 6, AMOUNT: 1 })] }, {}, "growing");
    expect(counts(atomic)).toEqual([0, 0, 1]);
  });
});
