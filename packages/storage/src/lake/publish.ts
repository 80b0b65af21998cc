import type { Database } from "../database.ts";
import type { Transaction } from "../executor.ts";
import { addDeadLetters } from "./add-dead-letters.ts";
import { addFiles } from "./add-files.ts";
import { addSnapshot } from "./add-snapshot.ts";
import { deleteIntents } from "./delete-intents.ts";
import { endFiles } from "./end-files.ts";
import type { Snapshot, SnapshotChange } from "./lake-store.ts";
import { lockProgress } from "./lock-progress.ts";

/** Rolls the transaction back; no error for the caller. */
class Refusal extends Error {}

/**
 * Publishes a snapshot in one transaction: the progress row is locked first and held to the commit, so publications of a tenant happen one after
 * the other, and what `advance`, the live files and the intents say holds until the snapshot is there.
 * Undefined, and nothing written, when one of the three says no. @throws UNAVAILABLE
 */
export async function publish(db: Database, change: SnapshotChange): Promise<Snapshot | undefined> {
  try {
    return await db.withTransaction((tx) => write(tx, change));
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

async function write(tx: Transaction, change: SnapshotChange): Promise<Snapshot> {
  const { tenantNo, kind, batchId, adds, ends, deadLetters = [] } = change;
  const progress = await lockProgress(tx, { tenantNo });
  if (progress === undefined) throw new Refusal();
  if (change.advance !== undefined && !(await change.advance(tx))) throw new Refusal();
  const snapshotId = progress.snapshotId + 1;
  if (!(await endFiles(tx, tenantNo, snapshotId, ends))) throw new Refusal();
  await addFiles(tx, tenantNo, snapshotId, adds);
  await addDeadLetters(tx, tenantNo, deadLetters);
  const paths = adds.map(({ path }) => path);
  if (!(await deleteIntents(tx, batchId, paths))) throw new Refusal();
  const snapshot = await addSnapshot(tx, tenantNo, kind, batchId);
  if (snapshot === undefined) throw new Refusal();
  return snapshot;
}
