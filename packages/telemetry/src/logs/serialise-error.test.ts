import { describe, expect, it } from "vitest";

import { serialiseError } from "./serialise-error.ts";

const canary = "CANARY-7f3a";

const thrownBy = (fn: () => unknown): unknown => {
  try {
    return fn();
  } catch (error) {
    return error;
  }
};

describe("serialiseError", () => {
  it("tells type, message, code, frames and cause", () => {
    const error = Object.assign(new TypeError("boom", { cause: new RangeError("deeper") }), { code: "ECONNREFUSED" });
    const shown = serialiseError(error);
    expect(shown).toMatchObject({
      type: "TypeError",
      message: "boom",
      code: "ECONNREFUSED",
      cause: { type: "RangeError", message: "deeper" },
    });
    expect(shown.stack).toContain("serialise-error.test.ts");
    expect(shown.stack?.split("\n").every((frame) => frame.startsWith("at "))).toBe(true);
  });

  it("leaves vendor extras out: a row's values, a request, a query's text", () => {
    const error = Object.assign(new Error("duplicate key"), {
      code: "23505",
      detail: `Key (email)=(${canary}) already exists.`,
      query: `insert ${canary}`,
      parameters: [canary],
    });
    expect(JSON.stringify(serialiseError(error))).not.toContain("CANARY");
  });

  it.each([
    ["JSON.parse", () => JSON.parse(`${canary} {"a":1}`) as unknown],
    ["JSON.parse in the middle", () => JSON.parse(`{"aaaaaaaaaaaaaaaaaaaaaaaaa": "b", ${canary}}`) as unknown],
    ["a header", () => new Headers({ "x-api-key": `${canary}\n${canary}` })],
    ["a URL with user info", () => new Request(`https://u:${canary}@example.com/`)],
  ])("withholds the data that the message of %s quotes", (_, fn) => {
    const error = thrownBy(fn);
    expect(error).toBeInstanceOf(Error);
    expect(JSON.stringify(serialiseError(error))).not.toContain("CANARY");
  });

  it("withholds the value that PostgreSQL quotes in a data exception", () => {
    const error = Object.assign(new Error(`invalid input syntax for type uuid: "a"${canary}"`), { code: "22P02" });
    expect(serialiseError(error).message).toBe('invalid input syntax for type uuid: "[redacted]"');
  });

  it("does not repeat a message's lines as frames", () => {
    expect(
      JSON.stringify(serialiseError(new Error(`x\n    at password=${canary}\n    at ${canary}`)).stack),
    ).not.toContain("CANARY");
  });

  it("shows the first few errors of an aggregate: a refused connection to localhost says nothing else", () => {
    const each = ["::1", "127.0.0.1"].map((host) => new Error(`connect ECONNREFUSED ${host}`));
    expect(serialiseError(new AggregateError(each, "both refused")).errors?.map(({ message }) => message)).toEqual([
      "connect ECONNREFUSED ::1",
      "connect ECONNREFUSED 127.0.0.1",
    ]);
  });

  it("ends at a circle of causes and at a long stack", () => {
    const error = new Error("round");
    error.cause = error;
    error.stack = `Error: round\n${"    at f (file.js:1:1)\n".repeat(1_000)}`;
    const shown = JSON.stringify(serialiseError(error));
    expect(shown.length).toBeLessThan(5_000);
    expect(shown.match(/round/g)).toHaveLength(5);
  });

  it("describes what isn't an error without dumping it", () => {
    expect(serialiseError(`plain password=${canary}`)).toEqual({
      type: "string",
      message: "plain password=[redacted]",
    });
    expect(serialiseError({ secret: canary })).toEqual({ type: "object", message: "[redacted]" });
    expect(serialiseError(undefined)).toEqual({ type: "undefined", message: "[redacted]" });
  });
});
