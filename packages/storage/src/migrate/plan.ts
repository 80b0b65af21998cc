import { readPending } from "./apply-pending.ts";
import { tagOf } from "./compare.ts";
import { withSession } from "./connection.ts";
import { dropInvalidIndexes } from "./invalid-indexes.ts";
import { type MigrateOptions } from "./options.ts";
import { readMigrations } from "./read-migrations.ts";
import { sessionSettings } from "./session.ts";
import { upStep, type Step } from "./step.ts";
import { thisAuthor } from "./tracking/author.ts";
import { createTrackingTable } from "./tracking/create-table.ts";
import { recordCatalogue } from "./tracking/record-catalogue.ts";
import type { UpOptions } from "./up.ts";

export interface PlanOptions extends MigrateOptions, Pick<UpOptions, "to"> {}

export interface Plan {
  /** The migrations that `up` would apply, in order, each with its exact scripts. */
  readonly steps: readonly Step[];
  /** The same as one SQL script with its transactions; run by hand it does what `up` does, but for the lock and the retries. */
  readonly sql: string;
}

/** What `up` would run now, changing nothing. */
export async function plan(options: PlanOptions): Promise<Plan> {
  const migrations = await readMigrations(options.migrationsDir);
  return withSession(options, async (connection) => {
    const by = thisAuthor();
    const steps: Step[] = [];
    for (const migration of await readPending(connection, migrations, options.to)) {
      steps.push(upStep(migration, by, await dropInvalidIndexes(connection, migration)));
    }
    return { steps, sql: steps.length === 0 ? "" : render(steps) };
  });
}

function render(steps: readonly Step[]): string {
  const sections = [
    section("the session", sessionSettings),
    section("the tracking table", [createTrackingTable]),
    ...steps.map((step) => section(`${tagOf(step)}.${step.direction}.sql, ${step.mode}`, step.scripts)),
    section("what the schema looks like now, for verify", [recordCatalogue]),
  ];
  return sections.join("\n");
}

function section(title: string, scripts: readonly string[]): string {
  const statements = scripts
    .map((script) => script.trimEnd())
    .map((script) => (script.endsWith(";") ? script : `${script};`));
  return `-- ${title}\n${statements.join("\n")}\n`;
}
