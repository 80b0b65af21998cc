import { describe, expect, test } from "vitest";

import { parseExactJson } from "./parse-json.ts";
import { payloadHash } from "./payload-hash.ts";

const hashOf = (payload: string, more: { op?: "insert" | "delete"; eventTimeMs?: number } = {}) =>
  payloadHash({ op: "insert", eventTimeMs: undefined, payload: parseExactJson(payload) as object, ...more });

describe("payloadHash", () => {
  test.each([
    ['{"a":1,"b":{"c":[1,2],"d":null}}', '{ "b": {"d":null,"c":[1,2]}, "a": 1.0 }'],
    ['{"a":12345678901234567890}', '{"a":12345678901234567890.00}'],
    ['{"a":1e400}', '{"a":10e399}'],
    ['{"a":"é"}', String.raw`{"a":"\u00e9"}`],
    ['{"a":0.000001}', '{"a":1e-6}'],
  ])("%s and %s mean the same", (one, other) => expect(hashOf(one)).toBe(hashOf(other)));

  test.each([
    ['{"a":1}', '{"a":"1"}'],
    ['{"a":1}', '{"a":10}'],
    ['{"a":12345678901234567890}', '{"a":12345678901234567891}'],
    ['{"a":null}', "{}"],
    ['{"a":[]}', '{"a":{}}'],
    ['{"a":[[1],2]}', '{"a":[[1,2]]}'],
    ['{"a":"b","c":"d"}', '{"a":"b,1:c=\\"1:d"}'],
    ['{"a":["x,y"]}', '{"a":["x","y"]}'],
    ['{"a":true}', '{"a":"true"}'],
  ])("%s and %s don't", (one, other) => expect(hashOf(one)).not.toBe(hashOf(other)));

  test("what is done with the record, and when it happened, are part of it", () => {
    const hashes = [
      hashOf("{}"),
      hashOf("{}", { op: "delete" }),
      hashOf("{}", { eventTimeMs: 0 }),
      hashOf("{}", { eventTimeMs: 1 }),
    ];
    expect(new Set(hashes).size).toBe(4);
  });

  test("it is a UUID", () => expect(hashOf("{}")).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/));
});
