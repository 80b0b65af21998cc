import type { Statement, Transaction } from "../executor.ts";

/**
 * In the transaction that adds the files: an object always has an intent or a file's row, and never for a moment neither. The sweeper's mark is committed
 * before it deletes an object: who comes during it waits for the row, and then sees the mark.
 */
const deleteIntentsStatement: Statement = {
  name: "lake.delete_intents",
  text: `
delete from millrace.lake_intents where path = any($1::text[]) and batch_id = $2::uuid and swept_at is null
returning path`,
};

/** Ends the intents of objects that are published now; false when one is missing or marked: the sweeper has taken the object for an orphan. */
export async function deleteIntents(tx: Transaction, batchId: string, paths: readonly string[]): Promise<boolean> {
  if (paths.length === 0) return true;
  return (await tx.query(deleteIntentsStatement, [paths, batchId])).length === paths.length;
}
