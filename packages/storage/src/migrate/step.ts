import type { MigrationMode } from "./markers.ts";
import { readMarkers } from "./markers.ts";
import type { Migration } from "./read-migrations.ts";
import { lockTimeoutMs, statementTimeoutMs } from "./session.ts";
import type { Author } from "./tracking/author.ts";
import { dropTrackingTableIfUnused } from "./tracking/drop-table.ts";
import type { TrackingRow } from "./tracking/read-rows.ts";
import { recordApplied } from "./tracking/record-applied.ts";
import { recordApplying } from "./tracking/record-applying.ts";
import { recordFinished } from "./tracking/record-finished.ts";
import { recordReverting } from "./tracking/record-reverting.ts";
import { removeRow } from "./tracking/remove-row.ts";

/** One migration in one direction as the exact scripts that are sent, one after the other: what `plan` prints and `up` runs. */
export interface Step {
  readonly direction: "up" | "down";
  readonly version: number;
  readonly name: string;
  readonly mode: MigrationMode;
  readonly scripts: readonly string[];
}

/** The scripts that apply a migration; `dropFirst` removes what an interrupted run of it left. */
export function upStep(migration: Migration, by: Author, dropFirst: readonly string[] = []): Step {
  const { version, name, up } = migration;
  const { mode, statementTimeoutMs: timeoutMs } = up.markers;
  const scripts =
    mode === "transaction"
      ? inTransaction(timeoutMs, [up.sql, recordApplied(migration, by)])
      : [recordApplying(migration, by), ...inSession(timeoutMs, [...dropFirst, up.sql]), recordFinished(version)];
  return { direction: "up", version, name, mode, scripts };
}

/** The scripts that undo an applied migration, from the SQL that was stored with it. */
export function downStep({ version, name, downSql }: TrackingRow): Step {
  const { mode, statementTimeoutMs: timeoutMs } = readMarkers(downSql, `down of ${version}`);
  const forget = [removeRow(version), dropTrackingTableIfUnused];
  const scripts =
    mode === "transaction"
      ? inTransaction(timeoutMs, [downSql, ...forget])
      : [recordReverting(version), ...inSession(timeoutMs, [downSql]), ...forget];
  return { direction: "down", version, name, mode, scripts };
}

function inTransaction(timeoutMs: number | undefined, scripts: readonly string[]): readonly string[] {
  const timeout = timeoutMs === undefined ? [] : [`set local statement_timeout = ${timeoutMs}`];
  return ["begin", ...timeout, ...scripts, "commit"];
}

/**
 * CONCURRENTLY waits for every older transaction, and nobody queues behind it while it does: a lock timeout would only fail
 * it on a busy database, and leave an invalid index.
 */
function inSession(timeoutMs: number = statementTimeoutMs, scripts: readonly string[]): readonly string[] {
  return [
    `set statement_timeout = ${timeoutMs}`,
    "set lock_timeout = 0",
    ...scripts,
    `set statement_timeout = ${statementTimeoutMs}`,
    `set lock_timeout = ${lockTimeoutMs}`,
  ];
}
