import type { EventTable } from "@millrace/storage";
import type { Metrics } from "@millrace/telemetry";

import type { Actor } from "../context.ts";
import type { Visibility } from "../lake/visibility.ts";
import type { RecordValidator } from "../tables/records/record-validator.ts";
import type { IngestDesk } from "./desk.ts";

/** A table as it is now, with the check of its records. */
export interface IngestTarget {
  readonly table: EventTable;
  readonly validator: RecordValidator;
}

/** The tables of all tenants, as ingest sees them. */
export interface IngestTables {
  find(tenantId: string, name: string): Promise<IngestTarget | undefined>;
  /** Adds columns for what these payloads hold and the table doesn't know. @throws SCHEMA_INCOMPATIBLE, UNAVAILABLE */
  evolve(target: IngestTarget, payloads: readonly object[]): Promise<IngestTarget>;
}

/** Everything ambient of ingest. */
export interface IngestCtx {
  readonly actor: Actor;
  readonly tables: IngestTables;
  readonly desk: IngestDesk;
  /** Without it nobody can wait until events can be queried. */
  readonly visibility?: Pick<Visibility, "wait"> | undefined;
  readonly metrics?: Pick<Metrics, "eventsIngestedTotal"> | undefined;
  /** Fires when the caller has gone away. */
  readonly signal?: AbortSignal | undefined;
}
