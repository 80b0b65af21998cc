import type { DirectConnection } from "../database.ts";
import { compareCatalogues } from "./catalogue.ts";
import { compare, tagOf, type Disagreement } from "./compare.ts";
import { withSession } from "./connection.ts";
import { type MigrateOptions } from "./options.ts";
import { readMigrations } from "./read-migrations.ts";
import { readCatalogue } from "./tracking/read-catalogue.ts";
import { readTrackingRows, type TrackingRow } from "./tracking/read-rows.ts";

export interface Verification {
  readonly ok: boolean;
  /** Versions that are not applied yet; that alone is no problem. */
  readonly pending: readonly number[];
  readonly problems: readonly Disagreement[];
}

/**
 * Whether what is applied is what the files say and what the database still looks like: names and checksums, order, unfinished
 * migrations, and every table, column, constraint, index, trigger and function. Takes no lock.
 */
export async function verify(options: MigrateOptions): Promise<Verification> {
  const migrations = await readMigrations(options.migrationsDir);
  return withSession(options, async (connection) => {
    const rows = await readTrackingRows(connection);
    const { pending, unfinished, disagreements } = compare(migrations, rows);
    // What an interrupted migration left behind is no news, and would only hide in a list of differences.
    const drift = unfinished.length === 0 ? await findDrift(connection, rows) : [];
    const problems = [...disagreements, ...unfinished.map(describeUnfinished), ...drift];
    return { ok: problems.length === 0, pending: pending.map(({ version }) => version), problems };
  });
}

function describeUnfinished(row: TrackingRow): Disagreement {
  const how =
    row.state === "failed" ? `failed: ${row.error ?? "without a word"}` : "was interrupted, or is still running";
  return { reason: "unfinished", version: row.version, message: `Migration ${tagOf(row)} ${how}.` };
}

async function findDrift(connection: DirectConnection, rows: readonly TrackingRow[]): Promise<readonly Disagreement[]> {
  const version = rows.findLast(({ state }) => state === "applied")?.version;
  if (version === undefined) return [];
  const catalogue = await readCatalogue(connection);
  if (!catalogue?.expected) return [];
  const difference = compareCatalogues(catalogue.expected, catalogue.actual);
  const problem = (message: string): Disagreement => ({ reason: "catalogue", version, message });
  return [
    ...(difference?.missing ?? []).map((line) => problem(`Gone or changed since the last migration: ${line}`)),
    ...(difference?.unexpected ?? []).map((line) => problem(`Made by no migration: ${line}`)),
  ];
}
