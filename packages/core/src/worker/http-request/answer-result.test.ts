import { describe, expect, it } from "vitest";

import { limits } from "@millrace/contract";

import { resultOf } from "./answer-result.ts";

const answer = (text: string | Buffer, headers = {}, truncated = false) => ({
  status: 200,
  headers,
  body: Buffer.from(text),
  truncated,
});

describe("the result of a request", () => {
  it("holds a JSON body as JSON, by its content type", () => {
    expect(resultOf(answer('{"a":1}', { "content-type": "application/json; charset=utf-8" })).body).toEqual({ a: 1 });
    expect(resultOf(answer('{"a":1}', { "content-type": "application/problem+json" })).body).toEqual({ a: 1 });
    expect(resultOf(answer('{"a":1}', { "content-type": "text/plain" })).body).toBe('{"a":1}');
  });

  it("holds JSON that is cut or broken as text", () => {
    const type = { "content-type": "application/json" };
    expect(resultOf(answer('{"a":', type))).toMatchObject({ body: '{"a":' });
    expect(resultOf(answer('{"a":1}', type, true))).toMatchObject({ body: '{"a":1}', truncated: true });
  });

  it("drops a character that was cut in two", () => {
    expect(resultOf(answer(Buffer.from("aé").subarray(0, 2), {}, true)).body).toBe("a");
  });

  it("leaves cookies out", () => {
    expect(resultOf(answer("", { "set-cookie": ["a=1"], "x-a": ["1", "2"] })).headers).toEqual({ "x-a": "1,2" });
  });

  it("stays below the limit of results, whatever the bytes", () => {
    for (const body of [
      Buffer.alloc(256 * 1_024, 1),
      Buffer.alloc(256 * 1_024, 0xff),
      Buffer.from("𝄞".repeat(64 * 1_024)),
    ]) {
      const result = resultOf(answer(body));
      expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThanOrEqual(limits.resultBytesMax);
      expect(result.truncated).toBe(true);
      expect(JSON.stringify(result.body)).not.toMatch(/\\ud[89a-f]/);
    }
  });
});
