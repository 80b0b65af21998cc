import { gzipSync } from "node:zlib";

import { describe, expect, test } from "vitest";

import { counts, ingestOfFile, problems, record } from "./ingest.test.support.ts";

const { api, ndjson, stored } = await ingestOfFile();

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
    expect(reply.json["detail"]).toContain(
      "in a row were refused, so the rest was not looked at. Line 1 was: The line is not",
    );
  });

  test("422: a prefix that is none, atomic, and waiting where nobody can tell", async () => {
    for (const prefix of ["é", "x".repeat(481)]) {
      expect((await ndjson("{}", { "x-idempotency-prefix": prefix })).status).toBe(422);
    }
    expect((await ndjson("{}", {}, "?atomic=true")).status).toBe(422);
    expect((await ndjson("{}", {}, "?waitForVisibility=true")).status).toBe(422);
  });
});
