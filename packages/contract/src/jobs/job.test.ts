import { describe, expect, it } from "vitest";

import { enqueueBatchRequestSchema } from "./batch.ts";
import { enqueueRequestSchema, limits, listJobsQuerySchema, updateJobRequestSchema } from "./job.ts";

const paths = (result: { success: boolean; error?: { issues: readonly { path: readonly PropertyKey[] }[] } }) =>
  result.error?.issues.map(({ path }) => path.join("."));

describe("the wire shape of a job", () => {
  it("fills in what a caller leaves out", () => {
    expect(enqueueRequestSchema.parse({ type: "t" })).toEqual({
      type: "t",
      queue: "default",
      payload: {},
      priority: 0,
      maxAttempts: 20,
      tags: [],
    });
    expect(listJobsQuerySchema.parse({ limit: "7" })).toEqual({ limit: 7 });
  });

  it("names every problem of a request at once", () => {
    const result = enqueueRequestSchema.safeParse({
      type: "",
      queue: "no spaces",
      priority: 1.5,
      maxAttempts: 0,
      timeoutMs: 0,
      scheduledAt: "tomorrow",
      idempotencyKey: "a\0b",
      tags: ["\ud800"],
      retry: { kind: "never" },
      extra: 1,
    });
    expect(new Set(paths(result))).toEqual(
      new Set([
        "type",
        "queue",
        "priority",
        "maxAttempts",
        "timeoutMs",
        "scheduledAt",
        "idempotencyKey",
        "tags.0",
        "retry.kind",
        "",
      ]),
    );
  });

  it.each([
    ["a time and a delay", enqueueRequestSchema, { type: "t", delayMs: 1, scheduledAt: "2030-01-01T00:00:00Z" }],
    ["a change of nothing", updateJobRequestSchema, {}],
    ["a change of a time by two ways", updateJobRequestSchema, { delayMs: 1, scheduledAt: "2030-01-01T00:00:00Z" }],
    ["an empty batch", enqueueBatchRequestSchema, { jobs: [] }],
    [
      "a batch over its limit",
      enqueueBatchRequestSchema,
      { jobs: Array.from({ length: limits.batchJobsMax + 1 }, () => ({ type: "t" })) },
    ],
    ["a page over its limit", listJobsQuerySchema, { limit: limits.pageItemsMax + 1 }],
    ["a page of nothing", listJobsQuerySchema, { limit: "0" }],
    ["a limit that is no number", listJobsQuerySchema, { limit: "abc" }],
    ["a limit in another notation", listJobsQuerySchema, { limit: "1e2" }],
    ["a limit with a space", listJobsQuerySchema, { limit: " 7" }],
    ["a limit of nothing", listJobsQuerySchema, { limit: "" }],
    ["a limit that is null", listJobsQuerySchema, { limit: null }],
    ["a status that is none", listJobsQuerySchema, { status: "done" }],
    ["an unknown filter", listJobsQuerySchema, { colour: "red" }],
  ])("refuses %s", (_what, schema, input) => {
    expect(schema.safeParse(input).success).toBe(false);
  });
});
