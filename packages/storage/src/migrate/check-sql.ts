import { MigrationError } from "./error.ts";
import type { Markers } from "./markers.ts";
import { splitStatements } from "./split-statements.ts";

/** A file that ended the transaction it runs in would commit half of itself without its tracking row. */
const transactionControl =
  /^(?:begin|start\s+transaction|commit|end|rollback|abort|savepoint|release|prepare\s+transaction)\b/i;

/** An interrupted statement runs again, so it must be one that finds its own work done. */
const repeatable = /\bif\s+(?:not\s+)?exists\b|^(?:vacuum|analyze|reindex)\b/i;

/** Refuses SQL that the runner could not run atomically, or could not run again after an interruption. */
export function checkSql(sql: string, markers: Markers, where: string): void {
  const statements = splitStatements(sql);
  if (markers.irreversible !== undefined) return;
  if (statements.length === 0) throw new MigrationError("invalid", `${where} has no statement.`);
  if (statements.some((statement) => transactionControl.test(statement))) {
    throw new MigrationError("invalid", `${where} must not begin, commit or roll back: the runner does that.`);
  }
  if (markers.mode === "transaction") {
    if (statements.some((statement) => /^(?:create|drop|reindex)\b[^(]*\bconcurrently\b/i.test(statement))) {
      throw new MigrationError("invalid", `${where} needs the marker "-- millrace:no-transaction" for CONCURRENTLY.`);
    }
    return;
  }
  const [statement = "", ...others] = statements;
  if (others.length > 0)
    throw new MigrationError("invalid", `${where} is no-transaction: it may have one statement only.`);
  if (!repeatable.test(statement)) {
    throw new MigrationError("invalid", `${where} is no-transaction: its statement needs IF EXISTS or IF NOT EXISTS.`);
  }
}
