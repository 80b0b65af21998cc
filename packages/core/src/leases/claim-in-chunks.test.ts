import { describe, expect, it } from "vitest";

import type { ClaimedJob, ClaimRequest } from "@millrace/storage";

import { claimInChunks } from "./claim-in-chunks.ts";

const createdAt = new Date(0);

/** A shelf of jobs whose payloads have these many bytes; `failsAt` is the claim that fails. */
function openShelf(sizes: readonly number[], failsAt = Number.POSITIVE_INFINITY) {
  const left = sizes.map((bytes, index) => ({
    job: {
      id: String(index),
      payload: "x".repeat(bytes),
      errors: [],
      tags: [],
      createdAt,
      updatedAt: createdAt,
      scheduledAt: createdAt,
    },
  }));
  const limits: number[] = [];
  async function claimJobs({ limit }: ClaimRequest) {
    limits.push(limit);
    if (limits.length === failsAt) throw new Error("away");
    return left.splice(0, limit) as unknown as readonly ClaimedJob[];
  }
  const claim = (limit: number) =>
    claimInChunks(claimJobs, { tenantId: "acme", queues: ["q"], limit, leaseMs: 1_000, worker: "w" });
  return { claim, limits };
}

const many = (count: number, bytes: number) => Array.from({ length: count }, () => bytes);

describe("a claim", () => {
  it("of few jobs is one statement", async () => {
    const { claim, limits } = openShelf(many(500, 10));
    expect(await claim(100)).toHaveLength(100);
    expect(limits).toEqual([100]);
  });

  it("of many small jobs brings all of them, in order", async () => {
    const { claim, limits } = openShelf(many(1_500, 10));
    const claimed = await claim(1_000);
    expect(claimed.map(({ job }) => job.id)).toEqual(Array.from({ length: 1_000 }, (_, index) => String(index)));
    expect(limits).toEqual(many(10, 100));
  });

  it("asks no more once a statement has brought less than it was asked for", async () => {
    const { claim, limits } = openShelf(many(130, 10));
    expect(await claim(1_000)).toHaveLength(130);
    expect(limits).toEqual([100, 100]);
  });

  it("of many large jobs leaves the rest to the next one", async () => {
    const { claim } = openShelf(many(960, 255 * 1024));
    expect(await claim(1_000)).toHaveLength(100);
    const { claim: claimSmaller } = openShelf(many(960, 50 * 1024));
    expect(await claimSmaller(1_000)).toHaveLength(200);
  });

  it("brings a job however large it is", async () => {
    const { claim } = openShelf([9 * 1024 * 1024, 1]);
    expect(await claim(1)).toHaveLength(1);
  });

  it("keeps what it has when a later statement fails, and fails with the first", async () => {
    expect(await openShelf(many(500, 10), 2).claim(1_000)).toHaveLength(100);
    await expect(openShelf(many(500, 10), 1).claim(1_000)).rejects.toThrow("away");
  });
});
