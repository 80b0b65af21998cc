import type { Executor } from "../../executor.ts";
import type { MigrationMode } from "../markers.ts";

/** One row of `millrace.schema_migrations`. */
export interface TrackingRow {
  readonly version: number;
  readonly name: string;
  readonly upChecksum: string;
  readonly downChecksum: string;
  readonly downSql: string;
  readonly mode: MigrationMode;
  readonly state: "applying" | "applied" | "failed";
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
  readonly durationMs: number | null;
  readonly appliedBy: string;
  readonly toolVersion: string;
  readonly error: string | null;
}

/** Takes no lock: without the migration lock the answer may be old by the time it arrives, so a writer reads again under it. */
const statement = {
  name: "schema_migrations.read",
  text: `select version, name, up_checksum as "upChecksum", down_checksum as "downChecksum", down_sql as "downSql", mode, state,
  started_at as "startedAt", finished_at as "finishedAt", duration_ms::float8 as "durationMs", applied_by as "appliedBy",
  tool_version as "toolVersion", error
from millrace.schema_migrations order by version`,
};

const exists = {
  name: "schema_migrations.exists",
  text: "select to_regclass('millrace.schema_migrations') is not null as exists",
};

/** The tracking rows by ascending version; none where the table does not exist yet. */
export async function readTrackingRows(executor: Executor): Promise<readonly TrackingRow[]> {
  const [table] = await executor.query<{ exists: boolean }>(exists);
  return table?.exists ? executor.query<TrackingRow>(statement) : [];
}
