import { describe, expect, it } from "vitest";
import { z } from "zod";

import { MillraceError, limits } from "@millrace/contract";

import { NonRetryableError, RetryAfterError } from "./attempt-errors.ts";
import { returned, thrown } from "./attempt-outcome.ts";
import { snooze } from "./snooze.ts";

describe("what a handler returns", () => {
  it.each([
    [undefined, null],
    [null, null],
    [{ a: [1] }, '{"a":[1]}'],
    ["text", '"text"'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [Number.NaN, null],
  ])("is kept as JSON: %o", (value, result) => {
    expect(returned(value)).toEqual({ kind: "complete", result });
  });

  it("is a snooze if it is one, from whichever copy of the package", () => {
    expect(returned(snooze(5), z.string()).kind).toBe("snooze");
    expect(returned(snooze(5))).toEqual({ kind: "snooze", delayMs: 5 });
    expect(returned({ [Symbol.for("millrace.snooze")]: true, delayMs: 7 })).toEqual({ kind: "snooze", delayMs: 7 });
  });

  it("has to fit its definition, as the JSON that is read back later", () => {
    const schema = z.object({ at: z.iso.datetime(), n: z.number() });
    expect(returned({ at: new Date(0), n: 1 }, schema).kind).toBe("complete");
    expect(returned({ at: "x", n: Number.NaN }, schema)).toEqual({
      kind: "fail",
      retryable: false,
      message: expect.stringMatching(/^The handler's result does not have the expected shape: at: .*; n: /) as string,
    });
    expect(returned(undefined, z.null())).toEqual({ kind: "complete", result: null });
  });

  it("may have exactly as many bytes as are kept, and no more", () => {
    const full = "x".repeat(limits.resultBytesMax - 2);
    expect(returned(full).kind).toBe("complete");
    expect(returned(`${full}x`)).toMatchObject({ kind: "fail", retryable: false });
    // Characters aren't bytes.
    expect(returned("é".repeat(limits.resultBytesMax / 2)).kind).toBe("fail");
  });
});

describe("what a handler throws", () => {
  it("is tried again, unless it says otherwise", () => {
    expect(thrown(new Error("x"))).toMatchObject({ kind: "fail", message: "x", retryable: true });
    expect(thrown(new NonRetryableError("x"))).toMatchObject({ kind: "fail", message: "x", retryable: false });
    expect(thrown(new RetryAfterError(5_000))).toMatchObject({ retryable: true, retryAfterMs: 5_000 });
  });

  it("counts by name, so that a second copy of the package is understood", () => {
    expect(thrown(Object.assign(new Error("x"), { name: "NonRetryableError" }))).toMatchObject({ retryable: false });
    expect(thrown(Object.assign(new Error("x"), { name: "RetryAfterError", retryAfterMs: 9 }))).toMatchObject({
      retryAfterMs: 9,
    });
  });

  it.each([
    [-5, 0],
    [Number.NaN, 0],
    [Number.POSITIVE_INFINITY, 0],
    [1e15, limits.delayMsMax],
  ])("may ask for a wait of %d, and gets one within bounds", (asked, given) => {
    expect(thrown(new RetryAfterError(asked))).toMatchObject({ retryAfterMs: given });
  });

  it("always has a message", () => {
    expect(thrown(Object.assign(new TypeError("x"), { message: "" }))).toMatchObject({ message: "TypeError" });
    expect(thrown("")).toMatchObject({ message: "The handler threw string " });
    expect(thrown(null)).toMatchObject({ message: "The handler threw object null" });
  });

  const trap = () => {
    throw new Error("trapped");
  };
  const hostile = new Proxy(new Error("x"), { get: trap, has: trap, getPrototypeOf: trap });
  it.each([
    ["a message that is no text", Object.assign(new Error("x"), { message: ["a", "b"] })],
    ["neither message nor name", Object.assign(new Error("x"), { message: 5, name: Symbol("name"), stack: {} })],
    [
      "an error whose getters throw",
      Object.defineProperties(new Error("x"), { message: { get: trap }, name: { get: trap } }),
    ],
    [
      "an error without stack and cause",
      Object.defineProperties(new Error("x"), { stack: { get: trap }, cause: { get: trap } }),
    ],
    [
      "an error that is half a RetryAfterError",
      Object.defineProperty(new RetryAfterError(1), "retryAfterMs", { get: trap }),
    ],
    ["an error that only calls itself one of ours", Object.assign(new Error("x"), { name: "MillraceError" })],
    ["a proxy", hostile],
    ["an error with such a cause", new Error("x", { cause: hostile })],
    [
      "a revoked proxy",
      (() => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        return proxy;
      })(),
    ],
    ["a symbol", Symbol("x")],
    ["null", null],
    ["an object without a prototype", Object.create(null)],
    ["a function that can't be written", Object.assign(() => 0, { toString: trap })],
  ])("is told in words, whatever it is: %s", (_, error) => {
    const settlement = thrown(error);
    expect(settlement).toMatchObject({ kind: "fail", retryable: true, message: expect.stringMatching(/./) });
    if (settlement.kind === "fail") expect(["string", "undefined"]).toContain(typeof settlement.stack);
    expect(["complete", "fail"]).toContain(returned(error).kind);
  });

  it("keeps what can be read of an error", () => {
    const error = Object.defineProperty(new TypeError("x"), "stack", { get: trap });
    expect(thrown(error)).toMatchObject({ message: "x", stack: undefined });
    expect(thrown(Object.assign(new TypeError("x"), { message: ["a"] }))).toMatchObject({ message: "TypeError" });
  });

  it("keeps the stacks of causes, to a depth, and nothing else of an error", () => {
    const credentials = { config: { headers: { authorization: "Bearer secret" } } };
    let error = Object.assign(new Error("cause 9"), credentials);
    for (let depth = 8; depth >= 0; depth--)
      error = Object.assign(new Error(`cause ${depth}`, { cause: error }), credentials);
    const settlement = thrown(error);
    expect(settlement).toMatchObject({ stack: expect.stringMatching(/cause 0[^]*cause 1[^]*cause 2[^]*cause 3/) });
    expect(JSON.stringify(settlement)).not.toMatch(/cause 4|secret/);
  });

  it("names every problem of a validation", () => {
    const errors = [{ path: "payload.to", code: "x", message: "Invalid email" }];
    expect(thrown(new MillraceError("VALIDATION_FAILED", "Wrong.", { errors }))).toMatchObject({
      message: "Wrong. payload.to: Invalid email",
    });
  });
});
