import type { Executor, Statement } from "../../executor.ts";

/** After the objects are gone, so a crash before it has them deleted once more; only marked files are touched. */
const markDeletedStatement: Statement = {
  name: "lake.mark_deleted",
  text: `
update millrace.lake_files set deleted_at = clock_timestamp()
where file_id = any($1::bigint[]) and deleting_at is not null and deleted_at is null`,
};

/** Says that the objects of these files are gone. */
export async function markDeleted(db: Executor, fileIds: readonly number[]): Promise<void> {
  await db.query(markDeletedStatement, [fileIds]);
}
