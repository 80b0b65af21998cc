import type { Executor, Statement } from "../executor.ts";

/** Committed before the first byte is uploaded: an object without a row here or in `lake_files` was put there by nobody of ours. */
const intendStatement: Statement = {
  name: "lake.intend",
  text: `
insert into millrace.lake_intents (path, tenant_no, batch_id, epoch)
select path, $2::bigint, $3::uuid, $4::bigint from unnest($1::text[]) as path`,
};

export interface Intent {
  readonly tenantNo: number;
  readonly epoch: number;
  readonly batchId: string;
  readonly paths: readonly string[];
}

/** Says which objects are about to be written. */
export async function intend(db: Executor, { tenantNo, epoch, batchId, paths }: Intent): Promise<void> {
  if (paths.length > 0) await db.query(intendStatement, [paths, tenantNo, batchId, epoch]);
}
