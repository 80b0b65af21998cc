import type { Executor, Statement } from "../executor.ts";
import { snapshotColumns } from "./columns.ts";
import type { Snapshot } from "./lake-store.ts";

/** A batch id is unique and stays with its snapshot: its row is there if and only if the publication was committed. */
const findBatchStatement: Statement = {
  name: "lake.find_batch",
  text: `select ${snapshotColumns} from millrace.lake_snapshots s where s.batch_id = $1::uuid`,
};

/** The snapshot that this try has published. */
export async function findBatch(db: Executor, batchId: string): Promise<Snapshot | undefined> {
  const [snapshot] = await db.query<Snapshot>(findBatchStatement, [batchId]);
  return snapshot;
}
