import type { Executor, Statement } from "../executor.ts";
import { fileColumns } from "./columns.ts";
import type { LakeFile } from "./lake-store.ts";

/** What is live now may have ended when the caller acts on it: a publication that ends files finds that out by itself. */
const liveFilesStatement: Statement = {
  name: "lake.live_files",
  text: `
select ${fileColumns} from millrace.event_tables t
join millrace.lake_files f on f.tenant_no = t.tenant_no and f.table_id = t.table_id
where t.table_id = $1::integer and f.end_snapshot is null order by f.file_id`,
};

/** Live files of a table, oldest first. */
export function liveFiles(db: Executor, tableId: number): Promise<readonly LakeFile[]> {
  return db.query<LakeFile>(liveFilesStatement, [tableId]);
}
