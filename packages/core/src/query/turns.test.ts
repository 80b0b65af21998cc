import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { createTurns } from "./turns.ts";

const options = { concurrency: 2, concurrencyPerTenant: 1, queueMax: 2, queueTimeoutMs: 1_000 };

describe("turns", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("of one tenant never exceed its share, and the other's is free", async () => {
    const turns = createTurns(options);
    const end = await turns.take("a");
    let second = false;
    const waiting = turns.take("a").then((done) => ((second = true), done));
    await turns.take("b");
    expect(second).toBe(false);
    end();
    await waiting;
    expect(second).toBe(true);
  });

  test("go round among tenants that wait", async () => {
    const turns = createTurns({ ...options, concurrency: 1, queueMax: 10 });
    const order: string[] = [];
    const work = async (tenantId: string) => {
      const end = await turns.take(tenantId);
      order.push(tenantId);
      await Promise.resolve();
      end();
    };
    await Promise.all(["a", "a", "a", "a", "b", "b", "c"].map(work));
    expect(order.slice(0, 4).toSorted()).toEqual(["a", "a", "b", "c"]);
    expect(order).toHaveLength(7);
  });

  test("are refused beyond what may wait, and when waiting takes too long", async () => {
    const turns = createTurns(options);
    await turns.take("a");
    const waits = [turns.take("a"), turns.take("a")].map((wait) => wait.catch((error: unknown) => error));
    await expect(turns.take("a")).rejects.toMatchObject({ code: "RATE_LIMITED", retryAfterMs: 1_000 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await Promise.all(waits)).toMatchObject([{ code: "RATE_LIMITED" }, { code: "RATE_LIMITED" }]);
  });

  test("say in their refusal whose limit was met: the tenant's own or that of the process", async () => {
    const turns = createTurns({ ...options, queueMax: 1 });
    await turns.take("a");
    await turns.take("b");
    const messageOf = (tenantId: string) => turns.take(tenantId).then(String, String);
    const waits = Promise.all([messageOf("a"), messageOf("c")]);
    expect(await messageOf("a")).toContain("This tenant has 1 queries that wait already.");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await waits).toEqual([
      expect.stringContaining("Other queries of this tenant run"),
      expect.stringContaining("Queries of other tenants take all 2 places of this process"),
    ]);
  });

  test("are given to the next one when whoever waits has gone away", async () => {
    const turns = createTurns({ ...options, concurrency: 1 });
    const end = await turns.take("a");
    const gone = new AbortController();
    const left = turns.take("a", gone.signal).catch((error: unknown) => error);
    const next = turns.take("b");
    gone.abort(new Error("gone"));
    expect(await left).toMatchObject({ message: "gone" });
    end();
    end();
    (await next)();
    await turns.take("c");
  });
});
