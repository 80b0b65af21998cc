import { z } from "zod";

import { uuidSchema } from "../ids.ts";
import { flowOrder } from "./flow.ts";
import { checkEnqueue, enqueueFields, limits, refSchema } from "./job.ts";

/** What a job may depend on in a batch: a job's id, or the `ref` of another job of the batch. */
const batchDependencySchema = z.union([uuidSchema, refSchema]);

const batchJobSchema = z
  .strictObject({
    ...enqueueFields,
    ref: refSchema.optional(),
    dependsOn: z.array(batchDependencySchema).max(limits.dependenciesMax).optional(),
  })
  .check(checkEnqueue)
  .meta({ id: "BatchJob" });

type BatchJob = z.output<typeof batchJobSchema>;

export const enqueueBatchRequestSchema = z
  .strictObject({
    jobs: z.array(batchJobSchema).min(1).max(limits.batchJobsMax),
  })
  .check(({ value: { jobs }, issues }) => {
    if (!jobs.some((job) => job.ref !== undefined || job.dependsOn !== undefined)) return;
    for (const { path, message } of refProblems(jobs)) {
      issues.push({ code: "custom", path: ["jobs", ...path], message, input: jobs });
    }
  })
  .meta({ id: "EnqueueBatchRequest" });

export type EnqueueBatchRequest = z.input<typeof enqueueBatchRequestSchema>;

interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** The position of the job of each ref; of two with the same ref the first. */
export function refPositions(jobs: readonly { readonly ref?: string | undefined }[]): ReadonlyMap<string, number> {
  const positions = new Map<string, number>();
  for (const [index, { ref }] of jobs.entries()) {
    if (ref !== undefined && !positions.has(ref)) positions.set(ref, index);
  }
  return positions;
}

/** Whether a dependency names a job of the batch; what has the form of an id is one. */
export function isRef(dependency: string): boolean {
  return !uuidSchema.safeParse(dependency).success;
}

function refProblems(jobs: readonly BatchJob[]): readonly Problem[] {
  const positions = refPositions(jobs);
  const problems: Problem[] = [];
  const onPositions = jobs.map(({ ref, dependsOn = [] }, index) => {
    if (ref !== undefined && positions.get(ref) !== index) {
      problems.push({ path: [index, "ref"], message: "another job of the batch has this ref" });
    }
    return dependsOn.flatMap((dependency, at) => {
      if (!isRef(dependency)) return [];
      const position = positions.get(dependency);
      if (position === undefined) {
        problems.push({ path: [index, "dependsOn", at], message: "no job of the batch has this ref" });
      } else if (position === index) {
        problems.push({ path: [index, "dependsOn", at], message: "a job can't depend on itself" });
      } else {
        return [{ position, at }];
      }
      return [];
    });
  });
  const sorted = flowOrder(onPositions.map((on) => on.map(({ position }) => position)));
  if (sorted.ok) return problems;
  const cyclic = new Set(sorted.cyclic);
  for (const index of sorted.cyclic) {
    for (const { position, at } of onPositions[index] ?? []) {
      if (cyclic.has(position)) {
        problems.push({
          path: [index, "dependsOn", at],
          message: "jobs that depend on one another in a circle never run",
        });
      }
    }
  }
  return problems;
}
