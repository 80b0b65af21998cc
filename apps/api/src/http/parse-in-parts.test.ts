import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { MillraceError } from "@millrace/contract";

import { createJsonCutter } from "./cut-json.ts";
import { parseInTurns } from "./parse-in-parts.ts";
import { parseJson } from "./read-json.ts";

interface Outcome {
  readonly value?: unknown;
  readonly code?: string;
  readonly errors?: MillraceError["errors"];
  readonly message?: string;
}

const outcomeOf = async (work: () => unknown): Promise<Outcome> => {
  try {
    return { value: await work() };
  } catch (error) {
    const { code, errors, message } = error as MillraceError;
    return { code, errors, message };
  }
};

let turns = 0;
const inTurns = (text: string | Buffer, elementBytesMax = 1_000_000) =>
  outcomeOf(() =>
    parseInTurns(Buffer.from(text as string), {
      onWeight: () => undefined,
      elementBytesMax,
      turn: (work) => {
        turns++;
        return Promise.resolve().then(work);
      },
    }),
  );
const atOnce = (text: string | Buffer) => outcomeOf(() => parseJson(Buffer.from(text as string), { exact: true }));

/** More than is parsed at once, of records that look like lists and text that looks like brackets. */
const record = (n: number) => `{"idempotencyKey":"k${n}","payload":{"n":${n},"a":[1,[2,"]"],{"b":"\\"],["}],"é":"🙂"}}`;
const records = (count: number, more: Readonly<Record<number, string>> = {}) =>
  Array.from({ length: count }, (_, n) => more[n] ?? record(n));

describe("a body that is parsed in pieces", () => {
  test("is what it would be at once, in many turns", async () => {
    turns = 0;
    const all = records(3_000);
    for (const body of [
      `{"records":[${all.join(",")}],"atomic":true}`,
      `\uFEFF {"atomic":true, "rec\\u006frds" : [ ${all.join("\r\n ,\t")} ] } `,
      `{"records":[${all.join(",")}],"more":[],"other":[1,2],"deep":{"records":[${all.slice(0, 500).join(",")}], "n":1e400}}`,
      `{"records":[12345678901234567890,${all.join(",")},1.10,"x",null,[[1]]]}`,
      `[${all.slice(0, 700).join(",")}]`,
      `{"__proto__":[${all.join(",")}]}`,
    ]) {
      const expected = await atOnce(body);
      expect(expected.code).toBeUndefined();
      expect(await inTurns(body)).toEqual(expected);
    }
    expect(turns).toBeGreaterThan(6 * 4);
  });

  test("is refused where it would be at once, and names the field that is given twice", async () => {
    const twice = records(3_000, { 2_500: '{"payload":{"a":1,"a":2}}' });
    expect((await inTurns(`{"records":[${twice.join(",")}]}`)).errors).toEqual([
      { path: "records.2500.payload.a", code: "duplicate_field", message: "This field is given twice." },
    ]);
    expect((await inTurns(`{"records":[${records(2_000).join(",")}],"records":[1]}`)).errors).toMatchObject([
      { path: "records", code: "duplicate_field" },
    ]);
  });

  test("is refused for every piece of it that is no JSON, and told where that is", async () => {
    const bad = records(3_000, { 1_500: '{"payload":{"n":NaN}}' });
    const { code, message = "" } = await inTurns(`{"records":[${bad.join(",")}]}`);
    expect(code).toBe("MALFORMED_JSON");
    const [, from, to] = /it knows no NaN.* within its bytes (\d+) to (\d+)\.$/.exec(message) ?? [];
    const at = Buffer.byteLength(`{"records":[${records(1_500).join(",")}`);
    expect(Number(from)).toBeLessThanOrEqual(at);
    expect(Number(to)).toBeGreaterThan(at);
  });

  test("is refused for what is around its lists when that is large, before it is parsed", async () => {
    const list = `[${records(3_000).join(",")}]`;
    for (const body of [list, `{"deep":{"records":${list}}}`, `{"atomic":true,"text":"${"x".repeat(100_000)}"}`]) {
      const { code, message } = await inTurns(body);
      expect([code, message]).toEqual(["PAYLOAD_TOO_LARGE", expect.stringContaining('{"records": […]}')]);
    }
  });

  test("is refused for an element that is too large, before it is parsed", async () => {
    const large = `{"payload":{"page":"${"x".repeat(200_000)}"}}`;
    const { code, errors } = await inTurns(`{"records":[${records(1_000, { 700: large }).join(",")}]}`, 100_000);
    expect([code, errors?.[0]?.path]).toEqual(["PAYLOAD_TOO_LARGE", "records"]);
  });
});

test("wherever a body is changed, its pieces are valid together exactly when it is", () => {
  const odd = fc.constantFrom(...'[]{},:"\\ 01né'.split(""), "[]", "],[", "},{", "null", "\n");
  const body = Buffer.from(`{"a":1,"records":[${records(8).join(",")}],"list":[],"o":{"l":[1,2]}}`);
  let valid = 0;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(body.length), fc.nat(2), odd), { maxLength: 2 }),
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 1, max: 50 }),
      (changes, partBytes, stepBytes) => {
        let text = body.toString();
        for (const [at, dropped, added] of changes) text = text.slice(0, at) + added + text.slice(at + dropped);
        const changed = Buffer.from(text);
        const cutter = createJsonCutter(changed, partBytes);
        while (!cutter.step(stepBytes));
        const { envelope, parts } = cutter.cut();
        const isJson = (json: string) => {
          try {
            JSON.parse(json);
            return true;
          } catch {
            return false;
          }
        };
        const texts = parts.map(({ from, to }) => changed.toString("utf8", from, to));
        const isLoneOrFilled = (list: readonly number[]) =>
          list.length === 1 || list.every((number) => (texts[number] ?? "").trim() !== "");
        const lists = isJson(envelope)
          ? Object.values((JSON.parse(envelope) ?? {}) as object).filter((value) => Array.isArray(value))
          : [];
        const together = isJson(envelope) && texts.every((part) => isJson(`[${part}]`)) && lists.every(isLoneOrFilled);
        if (isJson(text)) valid++;
        expect(together).toBe(isJson(text));
      },
    ),
    { numRuns: 3_000 },
  );
  expect(valid).toBeGreaterThan(100);
});
