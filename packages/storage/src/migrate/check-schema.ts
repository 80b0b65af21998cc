import type { Executor } from "../executor.ts";
import { bundledMigrationsDir, knownVersions } from "./read-migrations.ts";
import { readTrackingRows } from "./tracking/read-rows.ts";

/** Whether a database has what this build needs. */
export interface SchemaCheck {
  readonly ok: boolean;
  /** The newest version that the database has applied; 0 for none. */
  readonly applied: number;
  /** The newest version that this build knows. */
  readonly required: number;
  /** One sentence, when not ok. */
  readonly problem?: string;
}

/** The newest version that this build knows. */
export function requiredVersion(migrationsDir: string = bundledMigrationsDir): number {
  return knownVersions(migrationsDir).at(-1) ?? 0;
}

/** The newest version that the database has applied; 0 for none. */
export async function schemaVersion(executor: Executor): Promise<number> {
  return newest(await appliedVersions(executor));
}

/**
 * Whether every migration that this build knows is applied. A schema that is further is fine: migrations expand before they
 * contract, so the build that is being replaced goes on serving.
 */
export async function checkSchema(
  executor: Executor,
  migrationsDir: string = bundledMigrationsDir,
): Promise<SchemaCheck> {
  const known = knownVersions(migrationsDir);
  const versions = await appliedVersions(executor);
  const missing = known.filter((version) => !versions.includes(version));
  const state = { applied: newest(versions), required: known.at(-1) ?? 0 };
  if (missing.length === 0) return { ok: true, ...state };
  return {
    ok: false,
    ...state,
    problem: `The database lacks ${missing.length === 1 ? "migration" : "migrations"} ${missing.join(", ")}.`,
  };
}

async function appliedVersions(executor: Executor): Promise<readonly number[]> {
  const rows = await readTrackingRows(executor);
  return rows.filter(({ state }) => state === "applied").map(({ version }) => version);
}

function newest(versions: readonly number[]): number {
  return versions.at(-1) ?? 0;
}
