import { tagOf } from "./compare.ts";
import { withSession } from "./connection.ts";
import { MigrationError } from "./error.ts";
import { assertNotAborted, withMigrationLock } from "./lock.ts";
import { readMarkers } from "./markers.ts";
import { lockWaitMsDefault, type ChangeOptions } from "./options.ts";
import { runStep } from "./run-step.ts";
import { downStep } from "./step.ts";
import { readTrackingRows, type TrackingRow } from "./tracking/read-rows.ts";
import { recordCatalogue } from "./tracking/record-catalogue.ts";

export interface DownOptions extends Omit<ChangeOptions, "migrationsDir"> {
  /** The version to go back to; 0 undoes everything. */
  readonly to: number;
  /** Agrees to undo migrations that are marked lossy. */
  readonly allowDataLoss?: boolean;
}

/**
 * Undoes what is newer than `to`, newest first, by the SQL that was stored when it was applied: an older build can undo what
 * it has no files for. Answers the versions it undid.
 */
export async function down(options: DownOptions): Promise<readonly number[]> {
  const { to, allowDataLoss = false, signal, log = () => {}, lockWaitMs = lockWaitMsDefault } = options;
  return withSession(options, (connection) =>
    withMigrationLock(connection, { lockWaitMs, log, signal }, async () => {
      const rows = await readTrackingRows(connection);
      if (to < 0 || (to > 0 && !rows.some(({ version }) => version === to))) {
        throw new MigrationError("invalid", `Migration ${to} is not applied, so there is no going down to it.`, [to]);
      }
      const undone = rows.filter(({ version }) => version > to).toReversed();
      for (const row of undone) assertReversible(row, allowDataLoss);
      for (const row of undone) {
        assertNotAborted(signal);
        const { version, name } = row;
        await runStep(
          connection,
          { direction: "down", version, name, build: async () => downStep(row) },
          { log, signal },
        );
      }
      if (undone.length < rows.length) await connection.exec(recordCatalogue);
      return undone.map(({ version }) => version);
    }),
  );
}

/** Asked of every migration before the first is undone, so that a refusal changes nothing. */
function assertReversible(row: TrackingRow, allowDataLoss: boolean): void {
  const { lossy, irreversible } = readMarkers(row.downSql, tagOf(row));
  if (irreversible !== undefined) {
    throw new MigrationError("irreversible", `${tagOf(row)} can't be undone: ${irreversible}`, [row.version]);
  }
  if (lossy !== undefined && !allowDataLoss) {
    throw new MigrationError("lossy", `Undoing ${tagOf(row)} loses data: ${lossy}`, [row.version]);
  }
}
