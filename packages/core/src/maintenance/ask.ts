import {
  type MaintenanceKind,
  type MaintenanceRequest,
  maintenanceRequestSchema,
  MillraceError,
} from "@millrace/contract";
import type { Job, TableStore } from "@millrace/storage";

import { audit } from "../audit/audit.ts";
import { type Ctx, requireScope } from "../context.ts";
import { enqueue } from "../jobs/enqueue.ts";
import { parse } from "../parse.ts";
import { maintenanceJob } from "./request.ts";

/** Everything ambient of asking for maintenance. */
export interface MaintenanceCtx extends Ctx {
  readonly tableStore: Pick<TableStore, "findTable">;
}

/** Enqueues a job that keeps the tenant's lake in order, now. @throws FORBIDDEN, VALIDATION_FAILED, TABLE_NOT_FOUND, QUEUE_FULL, UNAVAILABLE */
export async function askForMaintenance(
  ctx: MaintenanceCtx,
  { kind, request }: { readonly kind: MaintenanceKind; readonly request: MaintenanceRequest },
): Promise<Job> {
  requireScope(ctx, "ops:admin");
  const { table } = parse(maintenanceRequestSchema, request);
  if (ctx.actor.queues !== undefined || ctx.actor.tables !== undefined) {
    throw new MillraceError(
      "FORBIDDEN",
      "This API key is bound to queues or tables; maintenance is of the whole tenant.",
    );
  }
  if (table !== undefined) {
    const found = await ctx.tableStore.findTable({ tenantId: ctx.actor.tenantId, name: table });
    if (found === undefined) throw new MillraceError("TABLE_NOT_FOUND", "There is no such table.");
  }
  // What orphans are left is known for the whole tenant only.
  const wanted = kind === "orphans" || kind === "expiry" || table === undefined ? {} : { table };
  const allowed = { ...ctx, actor: { ...ctx.actor, scopes: ["jobs:write", "ops:admin"] as const } };
  const { job } = await enqueue(allowed, maintenanceJob(kind, wanted));
  await audit(ctx, { action: "maintenance.run", target: kind, detail: { table: table ?? null, job: job.id } });
  return job;
}
