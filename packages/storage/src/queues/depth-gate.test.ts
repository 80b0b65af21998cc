import { beforeEach, describe, expect, it } from "vitest";

import { createDepthGate, type DepthGate } from "./depth-gate.ts";
import type { Depth } from "./depth.ts";

interface Queued {
  readonly tenantId: string;
  readonly queue: string;
}
const queue = "q";
const jobs = (n: number, of = queue): readonly Queued[] =>
  Array.from({ length: n }, () => ({ tenantId: "acme", queue: of }));

let nowMs: number;
let depths: Record<string, { maxDepth: number | null; depth: number | null }>;
let reads: number;
let gate: DepthGate;
beforeEach(() => {
  nowMs = 0;
  depths = { q: { maxDepth: 10, depth: 0 }, free: { maxDepth: null, depth: null } };
  reads = 0;
  gate = createDepthGate({
    now: () => nowMs,
    read: (lanes) => {
      reads++;
      return Promise.resolve(
        lanes.map(([tenantId, name]): Depth => ({
          tenantId,
          queue: name,
          maxDepth: null,
          depth: null,
          ...depths[name],
        })),
      );
    },
  });
});

/** Enters and stores; answers how many were refused. */
async function store(n: number, of = queue): Promise<number> {
  const { refused, done } = await gate.enter(jobs(n, of));
  done(true);
  return refused.size;
}

describe("the gate of a queue with a greatest depth", () => {
  it("lets in what fits and refuses the rest, counting what it let in since the count", async () => {
    expect(await store(7)).toBe(0);
    expect(await store(5)).toBe(2);
    expect(await store(1)).toBe(1);
    expect(reads).toBe(1);
  });

  it("counts what is about to be stored, and gives the room back when it is not", async () => {
    const first = await gate.enter(jobs(10));
    expect((await gate.enter(jobs(1))).refused.size).toBe(1);
    first.done(false);
    expect((await gate.enter(jobs(10))).refused.size).toBe(0);
  });

  it("counts what was stored while a count was under way once too often rather than not at all", async () => {
    const late = await gate.enter(jobs(6));
    nowMs = 1_001;
    const during = gate.enter(jobs(6));
    late.done(true);
    expect((await during).refused.size).toBe(2);
  });

  it("refuses nobody on a count that is older than a tenth of a second, nor trusts settings that are older than a second", async () => {
    expect(await store(10)).toBe(0);
    depths["q"] = { maxDepth: 10, depth: 0 };
    nowMs = 99;
    expect(await store(1)).toBe(1);
    nowMs = 101;
    expect(await store(1)).toBe(0);
    depths["q"] = { maxDepth: 1, depth: 5 };
    nowMs = 1_102;
    expect(await store(1)).toBe(1);
  });

  it("asks once a second for a queue without limit, and never makes anybody wait for it twice", async () => {
    for (nowMs = 0; nowMs < 10_000; nowMs += 100) expect(await store(1_000, "free")).toBe(0);
    expect(reads).toBeLessThanOrEqual(20);
  });

  it("tells when there will be room by how fast the queue has been getting emptier", async () => {
    const retryAfter = async () => [...(await gate.enter(jobs(20))).refused.values()][0]?.retryAfterMs;
    depths["q"] = { maxDepth: 10, depth: 100 };
    expect(await retryAfter()).toBe(5_000);
    nowMs = 1_000;
    depths["q"] = { maxDepth: 10, depth: 90 };
    // 10 a second, 100 too many.
    expect(await retryAfter()).toBe(10_000);
    nowMs = 2_000;
    depths["q"] = { maxDepth: 10, depth: 11 };
    expect(await retryAfter()).toBeLessThan(1_000 * 10);
    for (nowMs = 3_000; nowMs < 30_000; nowMs += 1_000) await retryAfter();
    expect(await retryAfter()).toBe(60_000);
  });

  it("lets one queue's limit refuse nobody else", async () => {
    depths["q"] = { maxDepth: 10, depth: 10 };
    const mixed = [...jobs(1), ...jobs(3, "free")];
    expect([...(await gate.enter(mixed)).refused.keys()]).toEqual(mixed.slice(0, 1));
  });

  it("says that it can't look when it can't", async () => {
    const failing = createDepthGate({ read: () => Promise.reject(new Error("away")) });
    await expect(failing.enter(jobs(1))).rejects.toThrow("away");
  });
});
