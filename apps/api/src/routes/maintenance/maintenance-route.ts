import { jobSchema, type MaintenanceKind, type MaintenanceRequest, maintenanceRequestSchema } from "@millrace/contract";
import { askForMaintenance, toJobJson } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { readOptionalJson } from "../../http/read-json.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** A route that enqueues a job of the lake's upkeep for the key's tenant. */
export function maintenanceRoute({
  kind,
  summary,
  description,
}: {
  readonly kind: MaintenanceKind;
  readonly summary: string;
  readonly description: string;
}): Route {
  return {
    method: "post",
    path: `/v1/maintenance/${kind}`,
    scope: "ops:admin",
    operationId: `run${kind.charAt(0).toUpperCase()}${kind.slice(1)}`,
    tag: "maintenance",
    summary,
    description,
    body: { schema: maintenanceRequestSchema, required: false },
    answers: {
      202: { description: "The job that does it.", schema: jobSchema, headers: { Location: "The path of the job." } },
    },
    errors: ["TABLE_NOT_FOUND", "QUEUE_FULL"],
    async handle(c, api) {
      const request = unparsed<MaintenanceRequest>(await readOptionalJson(c, api.limits.bodyBytesMax));
      const job = await askForMaintenance(ctxOf(c, api), { kind, request });
      c.header("Location", `/v1/jobs/${job.id}`);
      return c.json(toJobJson(job), 202);
    },
  };
}
