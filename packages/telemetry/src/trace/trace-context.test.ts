import { EventEmitter } from "node:events";
import { setImmediate as immediate } from "node:timers/promises";

import { describe, expect, it } from "vitest";

import { currentTrace, setTenant, traceContext } from "./trace-context.ts";
import { parseTraceparent } from "./traceparent.ts";

const inTrace = <Result>(traceId: string, fn: () => Result) => traceContext.run({ traceId }, fn);

/** Resolves once `start` has called back, and `then` has run in that callback. */
const called = async (start: (callback: () => void) => void, then: () => void) => {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  start(() => {
    then();
    resolve(undefined);
  });
  await promise;
};

const tenantOf = (traceId: string) =>
  inTrace(traceId, async () => {
    await immediate();
    setTenant(`tenant-${traceId}`);
    await immediate();
    return `${currentTrace()?.traceId} ${currentTrace()?.tenant}`;
  });

describe("traceContext", () => {
  it("answers what fn answers, and lets its errors out", () => {
    expect(inTrace("a", () => 7)).toBe(7);
    expect(() =>
      inTrace("a", () => {
        throw new Error("out");
      }),
    ).toThrow("out");
  });

  it("makes a lazy trace when it is asked for, and once", () => {
    let made = 0;
    const make = () => ({ traceId: `t${++made}` });
    const seen = traceContext.runLazily(make, "acme", () => {
      expect(currentTrace()?.tenant).toBe("acme");
      expect(made).toBe(0);
      const trace = currentTrace();
      return [trace?.traceId, trace?.traceId, trace?.traceparent === trace?.traceparent];
    });
    expect(seen).toEqual(["t1", "t1", true]);
  });

  it("is none outside of a run, before and after", () => {
    expect(currentTrace()).toBeUndefined();
    inTrace("a", () => undefined);
    expect(currentTrace()).toBeUndefined();
  });

  it("follows awaits, timers, microtasks and callbacks", async () => {
    const seen = await inTrace("a", async () => {
      const ids = [currentTrace()?.traceId];
      const see = () => void ids.push(currentTrace()?.traceId);
      await immediate();
      see();
      await Promise.resolve().then(see);
      await called((done) => setTimeout(done, 1), see);
      await called(queueMicrotask, see);
      const emitter = new EventEmitter().on("event", see);
      emitter.emit("event");
      return ids;
    });
    expect(seen).toEqual(Array.from({ length: 6 }, () => "a"));
  });

  it("keeps runs that interleave apart, tenants too", async () => {
    expect(await Promise.all(["a", "b", "c"].map(tenantOf))).toEqual(["a tenant-a", "b tenant-b", "c tenant-c"]);
  });

  it("shows a tenant that was named further down to the frames that were there before", async () => {
    await traceContext.run({ traceId: "a" }, async () => {
      await immediate().then(() => setTenant("acme"));
      expect(currentTrace()?.tenant).toBe("acme");
    });
  });

  it("names no tenant outside of a run, and none in the run around", () => {
    setTenant("nobody");
    expect(currentTrace()).toBeUndefined();
    traceContext.run({ traceId: "a", tenant: "outer" }, () => {
      inTrace("b", () => setTenant("inner"));
      expect(currentTrace()).toMatchObject({ traceId: "a", tenant: "outer" });
    });
  });

  it("keeps a given traceparent and makes a valid one where none is", () => {
    const given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    expect(traceContext.run({ traceId: "a", traceparent: given }, () => currentTrace()?.traceparent)).toBe(given);
    const w3c = "a".repeat(32);
    expect(parseTraceparent(inTrace(w3c, () => currentTrace()?.traceparent ?? ""))?.traceId).toBe(w3c);
    expect(parseTraceparent(inTrace("order-42", () => currentTrace()?.traceparent ?? ""))).toBeDefined();
  });
});
