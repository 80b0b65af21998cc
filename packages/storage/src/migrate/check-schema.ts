import type { Executor } from "../executor.ts";
import { bundledMigrationsDir, knownVersions } from "./read-migrations.ts";
import { readTrackingRows, type TrackingRow } from "./tracking/read-rows.ts";

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
  const rows = await readTrackingRows(executor);
  return rows.findLast(({ state }) => state === "applied")?.version ?? 0;
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
  const rows = await readTrackingRows(executor);
  const applied = versionsOf(rows.filter(({ state }) => state === "applied"));
  const unfinished = versionsOf(rows.filter(({ state }) => state !== "applied"));
  const missing = known.filter((version) => !applied.includes(version) && !unfinished.includes(version));
  const state = { applied: applied.at(-1) ?? 0, required: known.at(-1) ?? 0 };
  const waiting = unfinished.filter((version) => known.includes(version));
  if (waiting.length > 0) return { ok: false, ...state, problem: `${list(waiting)} of the database is not finished.` };
  if (missing.length > 0) return { ok: false, ...state, problem: `The database lacks ${list(missing).toLowerCase()}.` };
  return { ok: true, ...state };
}

function versionsOf(rows: readonly TrackingRow[]): readonly number[] {
  return rows.map(({ version }) => version);
}

function list(versions: readonly number[]): string {
  return `Migration ${versions.join(", ")}`;
}
