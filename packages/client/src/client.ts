import { type AuditClient, createAuditClient } from "./audit.ts";
import { createJobsClient, type JobsClient } from "./jobs.ts";
import { createKeysClient, type KeysClient } from "./keys.ts";
import { createLeasesClient, type LeasesClient } from "./leases.ts";
import type { ClientOptions } from "./options.ts";
import { createQueuesClient, type QueuesClient } from "./queues.ts";
import { createSchedulesClient, type SchedulesClient } from "./schedules.ts";
import { createSchemasClient, type SchemasClient } from "./schemas.ts";
import { createTablesClient, type TablesClient } from "./tables.ts";
import { createOpenStream, createTransport, retriesMaxDefault } from "./transport.ts";

export interface MillraceClient {
  readonly jobs: JobsClient;
  readonly leases: LeasesClient;
  readonly queues: QueuesClient;
  readonly schedules: SchedulesClient;
  readonly schemas: SchemasClient;
  readonly tables: TablesClient;
  readonly keys: KeysClient;
  readonly audit: AuditClient;
}

/** A typed client of the HTTP API, for anything that has fetch. */
export function createClient(options: ClientOptions): MillraceClient {
  const send = createTransport(options);
  return {
    jobs: createJobsClient(send, createOpenStream(options), options.retriesMax ?? retriesMaxDefault),
    leases: createLeasesClient(send),
    queues: createQueuesClient(send),
    schedules: createSchedulesClient(send),
    schemas: createSchemasClient(send),
    tables: createTablesClient(send),
    keys: createKeysClient(send),
    audit: createAuditClient(send),
  };
}
