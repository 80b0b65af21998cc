import { describe, expect, it } from "vitest";

import { enqueueBatchRequestSchema } from "./batch.ts";

const id = "01900000-0000-7000-8000-000000000000";

function problems(jobs: readonly object[]): readonly string[] {
  const result = enqueueBatchRequestSchema.safeParse({ jobs: jobs.map((job) => ({ type: "t", ...job })) });
  return result.error?.issues.map(({ path }) => path.join(".")) ?? [];
}

describe("the refs of a batch", () => {
  it("name jobs of the batch in any order, beside ids of other jobs", () => {
    expect(problems([{ dependsOn: ["b", id] }, { ref: "b", dependsOn: [id] }])).toEqual([]);
  });

  it.each([
    ["unknown", [{ ref: "a" }, { dependsOn: ["a", "b"] }], ["jobs.1.dependsOn.1"]],
    ["taken twice", [{ ref: "a" }, { ref: "a" }, { ref: "a" }], ["jobs.1.ref", "jobs.2.ref"]],
    ["the job's own", [{ ref: "a", dependsOn: ["a"] }], ["jobs.0.dependsOn.0"]],
    ["named twice", [{ ref: "a" }, { dependsOn: ["a", "a"] }], ["jobs.1.dependsOn.1"]],
    ["in the form of an id", [{ ref: id }], ["jobs.0.ref"]],
    ["too long", [{ ref: "x".repeat(65) }], ["jobs.0.ref"]],
    [
      "in a circle",
      [{ ref: "a", dependsOn: ["b", id] }, { ref: "b", dependsOn: ["c"] }, { ref: "c", dependsOn: ["a"] }, {}],
      ["jobs.0.dependsOn.0", "jobs.1.dependsOn.0", "jobs.2.dependsOn.0"],
    ],
  ])("are refused with their path when they are %s", (_, jobs, paths) => {
    expect(problems(jobs)).toEqual(paths);
  });
});
