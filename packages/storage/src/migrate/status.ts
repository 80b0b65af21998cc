import { compare, type Disagreement } from "./compare.ts";
import { withSession } from "./connection.ts";
import { type MigrateOptions } from "./options.ts";
import { readMigrations } from "./read-migrations.ts";
import { readTrackingRows } from "./tracking/read-rows.ts";

/** One migration, known to this build, to the database, or to both. */
export interface MigrationStatus {
  readonly version: number;
  readonly name: string;
  readonly state: "pending" | "applying" | "applied" | "failed";
  readonly startedAt: Date | undefined;
  readonly durationMs: number | undefined;
  readonly appliedBy: string | undefined;
  readonly error: string | undefined;
  /** How the folder and the database disagree about it. */
  readonly problem: Disagreement | undefined;
}

export interface Status {
  readonly migrations: readonly MigrationStatus[];
  /** Versions that `up` would apply. */
  readonly pending: readonly number[];
  /** Versions whose no-transaction migration was interrupted or failed. */
  readonly unfinished: readonly number[];
  readonly problems: readonly Disagreement[];
}

/** Where the database stands against this build's migrations. Takes no lock. */
export async function status(options: MigrateOptions): Promise<Status> {
  const files = await readMigrations(options.migrationsDir);
  const rows = await withSession(options, readTrackingRows);
  const { pending, unfinished, disagreements } = compare(files, rows);
  const byVersion = new Map([...files, ...rows].map(({ version, name }) => [version, name]));
  const migrations = [...byVersion].map(([version, name]): MigrationStatus => {
    const row = rows.find((candidate) => candidate.version === version);
    return {
      version,
      name,
      state: row?.state ?? "pending",
      startedAt: row?.startedAt,
      durationMs: row?.durationMs ?? undefined,
      appliedBy: row?.appliedBy,
      error: row?.error ?? undefined,
      problem: disagreements.find((disagreement) => disagreement.version === version),
    };
  });
  return {
    migrations: migrations.toSorted((left, right) => left.version - right.version),
    pending: pending.map(({ version }) => version),
    unfinished: unfinished.map(({ version }) => version),
    problems: disagreements,
  };
}
