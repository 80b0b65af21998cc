import {
  type EnqueueRequest,
  type MaintenanceKind,
  maintenanceQueue,
  type MaintenanceRequest,
  maintenanceTypes,
} from "@millrace/contract";

/** The request for a job that does it. Of the jobs for one table one runs at a time; those for a tenant are of another key. */
export function maintenanceJob(kind: MaintenanceKind, request: MaintenanceRequest & { readonly share?: number } = {}) {
  const type = maintenanceTypes[kind];
  return {
    type,
    queue: maintenanceQueue,
    priority: -10,
    maxAttempts: 3,
    payload: { ...request },
    concurrencyKey: request.table === undefined ? type : `${type} ${request.table}`,
  } satisfies EnqueueRequest;
}
