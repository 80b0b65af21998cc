import { gzipSync } from "node:zlib";

import { describe, expect, test } from "vitest";

import { counts, ingestOfFile, record, sentences } from "./ingest.test.support.ts";

const { api, key, ndjson, post } = await ingestOfFile();

describe("POST /v1/ingest/{table} with JSON", () => {
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

describe("what is said to somebody who sends records for the first time", () => {
  const messageOf = async (body: unknown, headers: Readonly<Record<string, string>> = {}, table = "clicks") => {
    const reply = await post(body, headers, table);
    return `${reply.status} ${String(reply.json["detail"])}`;
  };
  const firstLine = async (line: string) => sentences(await ndjson(line))[0];

  test("a row in place of a record: where columns go, and how to give a key", async () => {
    const reply = await post({
      records: [{ page: "/", n: 1 }, "text", { idempotency_key: "a", payload: { page: "/" } }],
    });
    const what = "idempotencyKey: Text of 1 to 512 characters, without NUL and lone surrogates, that names the record";
    const how = `${what}: sent again with it, it is stored once. NDJSON may have the header X-Idempotency-Prefix instead.`;
    expect(sentences(reply)).toEqual([
      "page: This field is not known here; the values of columns go into payload.",
      "n: This field is not known here; the values of columns go into payload.",
      how,
      "payload: An object with a value for each column; got nothing.",
      ': An object with idempotencyKey and payload; got the text "text".',
      "idempotency_key: This field is not known; did you mean idempotencyKey?",
      how,
    ]);
    expect(sentences(await ndjson('{"payload":{"page":"/"}}'))).toEqual([how]);
  });

  test("values that don't fit: the column, what it takes and what was sent", async () => {
    const payload = { Page: "/", n: "12", price: 0.000001, at: "31.01.2026" };
    const long = { page: "x".repeat(270_000) };
    const records = [
      record("m1", { payload }),
      record("m2", { op: "replace", eventTime: "yesterday", payload: [] }),
      record("m3", { payload: long }),
      { idempotencyKey: 17, payload: { page: "/" } },
    ];
    expect(sentences(await post({ records }))).toEqual([
      "payload.Page: This field is not known; did you mean page?",
      'payload.n: A whole number from -9223372036854775808 to 9223372036854775807; got the text "12".',
      "payload.price: A decimal with 16 digits in front of the point and 4 behind at most; got 0.000001.",
      'payload.at: A time of the years 1 to 9999 with Z or an offset, and microseconds at most, such as 2026-01-31T12:00:00.123456Z; got the text "31.01.2026".',
      "payload.page: A value: the column is not nullable and has no default.",
      'op: One of insert, upsert, delete; got the text "replace".',
      'eventTime: A time of RFC 3339, such as 2026-01-31T12:00:00Z; got the text "yesterday".',
      "payload: An object with a value for each column; got a list.",
      "payload: At most 262144 bytes of JSON; these are 270011.",
      "idempotencyKey: Text of 1 to 512 characters, without NUL and lone surrogates, that names the record: sent again with it, it is stored once. Got 17.",
    ]);
  });

  test("a key that was used, before or in the same request: that a record that differs needs its own", async () => {
    const reply = await post({ records: [record("r1"), record("r1", { payload: { page: "/other" } })] });
    expect([...counts(reply), ...sentences(reply)]).toEqual([
      1,
      0,
      1,
      "idempotencyKey: This key was used with another record; a record that differs needs a key of its own.",
    ]);
  });

  test("text that is no JSON: what is odd about it", async () => {
    const noValue = "it knows no NaN, Infinity, None or undefined; send null, or leave the field out.";
    expect(await messageOf('{"records":[{"n":NaN}]}')).toBe(`400 The body is not valid JSON: ${noValue}`);
    expect(await firstLine('{"idempotencyKey":"x","payload":{"n":NaN}}')).toBe(
      `: The line is not valid JSON: ${noValue}`,
    );
    expect(await messageOf("")).toBe("400 The body is empty; send a JSON object.");
    expect(await messageOf(`${JSON.stringify(record("x"))}\n${JSON.stringify(record("y"))}\n`)).toBe(
      "400 The body is not valid JSON: something follows the value at position 46 (line 2 column 1).",
    );
  });

  test("an upload of something else: the field that is meant, or the header that is missing", async () => {
    const bare = await post([record("x")]);
    expect([bare.status, ...sentences(bare)]).toEqual([422, ': An object: {"records": [ … ]}.']);
    const lone = await post(record("x"));
    expect([lone.status, sentences(lone)[0]]).toEqual([
      422,
      "records: A list of records, each with idempotencyKey and payload.",
    ]);
    expect(await messageOf("page=1", { "content-type": "application/x-www-form-urlencoded" })).toBe(
      "415 Send the body with Content-Type: application/json or application/x-ndjson.",
    );
    const zipped = gzipSync(JSON.stringify(record("x")));
    expect(await messageOf(zipped)).toBe("400 The body is gzip: send it with Content-Encoding: gzip.");
    expect((await ndjson(zipped)).json["detail"]).toContain("The body is gzip: send it with Content-Encoding: gzip.");
    expect(await messageOf("{}", { "content-encoding": "gzip" })).toBe("400 The body is not valid gzip.");
    expect(await messageOf("x".repeat(api.config.ingest.bodyBytesMax + 1))).toBe(
      "413 The body may have at most 8388608 bytes, inflated as well. Send more as application/x-ndjson, which has no limit.",
    );
  });

  test("another table: which one isn't there, and which one is Millrace's own", async () => {
    expect(await messageOf({ records: [record("x")] }, {}, "cliks")).toBe("404 There is no table cliks.");
    expect(await messageOf({ records: [record("x")] }, {}, "system.jobs")).toBe(
      "409 The table system.jobs is Millrace's own: it can be read, not written.",
    );
    const reply = await post({ records: [record("x", { op: "upsert" })] });
    expect(sentences(reply)).toEqual(["op: A table without a primary key takes insert only."]);
  });
});
