import { type FieldError, MillraceError, isMillraceError } from "@millrace/contract";

import type { Ctx } from "../context.ts";
import { jobRef, requireVisible } from "./visible.ts";

/** A job of a queue that the key is not bound to is no job to depend on: it does not exist for it. @throws VALIDATION_FAILED */
export async function requireDependencies(
  ctx: Ctx,
  dependencies: readonly (readonly (string | undefined)[] | undefined)[],
  pathOf: (index: number) => string,
): Promise<void> {
  if (ctx.actor.queues === undefined) return;
  const seen = new Map<string, boolean>();
  const problems: FieldError[] = [];
  for (const [index, ids = []] of dependencies.entries()) {
    for (const [at, id] of ids.entries()) {
      if (id === undefined) continue;
      const visible = seen.get(id) ?? (await isVisible(ctx, id));
      seen.set(id, visible);
      if (visible) continue;
      problems.push({
        path: `${pathOf(index)}dependsOn.${at}`,
        code: "not_found",
        message: `There is no job ${id}.`,
      });
    }
  }
  if (problems.length === 0) return;
  throw new MillraceError("VALIDATION_FAILED", "A job depends on one that is not there.", { errors: problems });
}

async function isVisible(ctx: Ctx, id: string): Promise<boolean> {
  try {
    requireVisible(ctx, await ctx.store.getJob(jobRef(ctx, id)));
    return true;
  } catch (error) {
    if (isMillraceError(error, "JOB_NOT_FOUND")) return false;
    throw error;
  }
}
