import { MigrationError, type MigrationErrorReason } from "./error.ts";
import type { Migration } from "./read-migrations.ts";
import type { TrackingRow } from "./tracking/read-rows.ts";

/** One way in which the folder and the database disagree. */
export interface Disagreement {
  readonly reason: MigrationErrorReason;
  readonly version: number;
  readonly message: string;
}

export interface Comparison {
  /** Files that are not applied, ascending, the interrupted ones included. */
  readonly pending: readonly Migration[];
  /** Rows of no-transaction migrations that did not end well. */
  readonly unfinished: readonly TrackingRow[];
  /** What must be put right before anything may run. */
  readonly disagreements: readonly Disagreement[];
}

/** Compares the set of files with the set of tracking rows; dates play no part. */
export function compare(migrations: readonly Migration[], rows: readonly TrackingRow[]): Comparison {
  const files = new Map(migrations.map((migration) => [migration.version, migration]));
  const applied = rows.filter(({ state }) => state === "applied");
  const appliedVersions = new Set(applied.map(({ version }) => version));
  const newest = Math.max(0, ...appliedVersions);
  const pending = migrations.filter(({ version }) => !appliedVersions.has(version));
  const disagreements: Disagreement[] = [];
  for (const row of rows) {
    const file = files.get(row.version);
    if (file === undefined) {
      disagreements.push({
        reason: "unknown",
        version: row.version,
        message: `The database has migration ${tagOf(row)}, which this build does not know: it is older than the schema.`,
      });
    } else if (row.state === "applied") {
      const change = changeOf(row, file);
      if (change !== undefined) disagreements.push({ reason: "changed", version: row.version, message: change });
    }
  }
  for (const { version, name } of pending.filter((migration) => migration.version < newest)) {
    disagreements.push({
      reason: "out-of-order",
      version,
      message: `Migration ${tagOf({ version, name })} is not applied, but the later ${newest} is.`,
    });
  }
  return { pending, unfinished: rows.filter(({ state }) => state !== "applied"), disagreements };
}

/** Throws the first disagreement, naming every version of the same kind. */
export function assertNoDisagreement({ disagreements }: Comparison): void {
  const [first] = disagreements;
  if (first === undefined) return;
  const versions = disagreements.filter(({ reason }) => reason === first.reason).map(({ version }) => version);
  throw new MigrationError(first.reason, first.message, versions);
}

/** `0007_add_something`, as the files are called. */
export function tagOf({ version, name }: { readonly version: number; readonly name: string }): string {
  return `${String(version).padStart(4, "0")}_${name}`;
}

function changeOf(row: TrackingRow, file: Migration): string | undefined {
  if (row.name !== file.name)
    return `Migration ${tagOf(row)} was applied under that name and is called ${tagOf(file)} now.`;
  if (row.upChecksum !== file.up.checksum) return `${tagOf(file)}.up.sql was edited after it was applied.`;
  if (row.downChecksum !== file.down.checksum) return `${tagOf(file)}.down.sql was edited after it was applied.`;
  return undefined;
}
