import type { JobJson, MaintenanceRequest } from "@millrace/contract";

import type { CallOptions } from "./options.ts";
import type { Transport } from "./transport.ts";

/** Jobs that keep the tenant's tables in order; each is answered as it is enqueued. Every call can throw MillraceApiError. */
export interface MaintenanceClient {
  /** Merges small files. */
  compact(request?: MaintenanceRequest, options?: CallOptions): Promise<JobJson>;
  /** Removes rows that are older than their table keeps them. */
  retain(request?: MaintenanceRequest, options?: CallOptions): Promise<JobJson>;
  /** Checks that all files are there and whole; the job is dead when one is not. */
  checkIntegrity(request?: MaintenanceRequest, options?: CallOptions): Promise<JobJson>;
  /** Deletes files that no snapshot ever had. */
  sweepOrphans(options?: CallOptions): Promise<JobJson>;
}

/** The calls of `/v1/maintenance`. */
export function createMaintenanceClient(send: Transport): MaintenanceClient {
  const run = async (kind: string, body: MaintenanceRequest, options?: CallOptions) => {
    const path = `/v1/maintenance/${kind}`;
    return (await send({ method: "POST", path, body, repeatable: false }, options)).body as JobJson;
  };
  return {
    compact: (request = {}, options) => run("compaction", request, options),
    retain: (request = {}, options) => run("retention", request, options),
    checkIntegrity: (request = {}, options) => run("integrity", request, options),
    sweepOrphans: (options) => run("orphans", {}, options),
  };
}
