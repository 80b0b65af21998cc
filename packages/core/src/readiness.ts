import { isMillraceError } from "@millrace/contract";
import type { Database } from "@millrace/storage";
import { checkSchema } from "@millrace/storage/migrate";

/** One thing that a process depends on, and whether it is there. */
export interface ReadyCheck {
  readonly name: string;
  readonly ok: boolean;
  /** One public sentence, when not ok. */
  readonly problem?: string | undefined;
}

const timeLimitMs = 1_000;

/** Something besides the database that a process depends on. */
export interface Dependency {
  readonly name: string;
  /** @throws whatever is wrong with it */
  ping(): Promise<void>;
}

/** Makes the check of the database, its schema and what else is given. Callers at the same time share one: probes, however many, cost one query. */
export function createReadiness(
  db: Database,
  dependencies: readonly Dependency[] = [],
): () => Promise<readonly ReadyCheck[]> {
  let running: Promise<readonly ReadyCheck[]> | undefined;
  return () => {
    running ??= checkAll(db, dependencies).finally(() => {
      running = undefined;
    });
    return running;
  };
}

async function checkAll(db: Database, dependencies: readonly Dependency[]): Promise<readonly ReadyCheck[]> {
  return (await Promise.all([checkDatabase(db), ...dependencies.map(checkDependency)])).flat();
}

/** Asks one of them, within a time limit. Never rejects. */
export function checkDependency({ name, ping }: Dependency): Promise<ReadyCheck> {
  return attempt(name, () => withinLimit(ping()));
}

async function checkDatabase(db: Database): Promise<readonly ReadyCheck[]> {
  const database = await attempt("database", () => db.ping({ timeoutMs: timeLimitMs }));
  if (!database.ok) return [database, { name: "schema", ok: false, problem: "The database could not be asked." }];
  const schema = await attempt("schema", async () => (await withinLimit(checkSchema(db))).problem);
  return [database, schema];
}

/** What is asked has a deadline of its own; the probe doesn't wait for that. */
async function withinLimit<Answer>(answer: Promise<Answer>): Promise<Answer> {
  const { promise: over, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("No answer in time")), timeLimitMs);
  try {
    return await Promise.race([answer, over]);
  } finally {
    clearTimeout(timer);
  }
}

async function attempt(name: string, run: () => Promise<string | void>): Promise<ReadyCheck> {
  try {
    const problem = (await run()) ?? undefined;
    return problem === undefined ? { name, ok: true } : { name, ok: false, problem };
  } catch (error) {
    return { name, ok: false, problem: isMillraceError(error) ? error.message : "It did not answer in time." };
  }
}
