import { type AuditClient, createAuditClient } from "./audit.ts";
import { type IngestClient, createIngestClient } from "./ingest.ts";
import { type Ingester, type IngesterOptions, createIngester } from "./ingester.ts";
import { createJobsClient, type JobsClient } from "./jobs.ts";
import { createKeysClient, type KeysClient } from "./keys.ts";
import { createLeasesClient, type LeasesClient } from "./leases.ts";
import { createMaintenanceClient, type MaintenanceClient } from "./maintenance.ts";
import type { ClientOptions } from "./options.ts";
import { createQueryClient, type QueryClient } from "./query.ts";
import { createQueuesClient, type QueuesClient } from "./queues.ts";
import { createSchedulesClient, type SchedulesClient } from "./schedules.ts";
import { createSchemasClient, type SchemasClient } from "./schemas.ts";
import { createSnapshotsClient, type SnapshotsClient } from "./snapshots.ts";
import { createTablesClient, type TablesClient } from "./tables.ts";
import { createOpenStream, createTransport, retriesMaxDefault } from "./transport.ts";

export interface MillraceClient extends IngestClient, QueryClient {
  readonly jobs: JobsClient;
  readonly leases: LeasesClient;
  readonly queues: QueuesClient;
  readonly schedules: SchedulesClient;
  readonly schemas: SchemasClient;
  readonly tables: TablesClient;
  readonly snapshots: SnapshotsClient;
  readonly maintenance: MaintenanceClient;
  readonly keys: KeysClient;
  readonly audit: AuditClient;
  /** Sends records of a table in batches, as fast as they are stored. */
  ingester(table: string, options?: IngesterOptions): Ingester;
}

/** A typed client of the HTTP API, for anything that has fetch. */
export function createClient(options: ClientOptions): MillraceClient {
  const send = createTransport(options);
  const open = createOpenStream(options);
  const retriesMax = options.retriesMax ?? retriesMaxDefault;
  return {
    jobs: createJobsClient(send, open, retriesMax),
    leases: createLeasesClient(send),
    queues: createQueuesClient(send),
    schedules: createSchedulesClient(send),
    schemas: createSchemasClient(send),
    tables: createTablesClient(send),
    snapshots: createSnapshotsClient(send),
    maintenance: createMaintenanceClient(send),
    keys: createKeysClient(send),
    audit: createAuditClient(send),
    ...createIngestClient(send),
    ...createQueryClient(open, retriesMax),
    ingester: (table, ingesterOptions) => createIngester(send, table, ingesterOptions),
  };
}
