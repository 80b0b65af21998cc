import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import * as schema from "../schema/index.ts";

/** A picture of a schema, as drizzle-kit keeps it. */
export interface Snapshot {
  readonly id: string;
  readonly prevId: string;
}

/** The part of `drizzle-kit/api` that authoring uses. */
interface DrizzleKit {
  generateDrizzleJson(imports: Readonly<Record<string, unknown>>, prevId?: string, schemaFilters?: string[]): Snapshot;
  generateMigration(previous: Snapshot, next: Snapshot): Promise<string[]>;
}

// A development dependency: it is there for whoever changes the schema, and no part of what is published.
const require = createRequire(import.meta.url);
const kit = require("drizzle-kit/api") as DrizzleKit;

/** Where drizzle-kit's command is. */
export const drizzleKitPath = join(dirname(require.resolve("drizzle-kit/api")), "bin.cjs");

/** A schema without anything in it. */
export function emptySnapshot(): Snapshot {
  return kit.generateDrizzleJson({}, undefined, ["millrace"]);
}

/** The schema as `src/schema` says it. */
export function presentSnapshot(): Snapshot {
  return kit.generateDrizzleJson({ ...schema }, undefined, ["millrace"]);
}

/**
 * The SQL statements that lead from one picture to the other. The schema itself is the runner's, so its creation and removal
 * are left out; so is CASCADE, which would take along what nobody thought of. Throws where it would have to ask about a rename.
 */
export async function generateSql(from: Snapshot, to: Snapshot): Promise<readonly string[]> {
  return tidyStatements(await kit.generateMigration(from, to));
}

/** Drizzle's statements in the form that migrations have here. */
export function tidyStatements(statements: readonly string[]): readonly string[] {
  return statements
    .map((statement) => statement.trim().replace(/^(DROP\b.*) CASCADE;$/i, "$1;"))
    .filter((statement) => statement !== "" && !/^(?:CREATE|DROP) SCHEMA "millrace";$/.test(statement));
}
