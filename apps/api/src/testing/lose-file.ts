import type { TestApi } from "./start-test-api.ts";

/** Deletes the object of a table's oldest file behind the catalogue's back; answers its key. */
export async function loseFile(
  { composition: { lake, tables } }: TestApi,
  tenantId: string,
  name: string,
): Promise<string> {
  const table = await tables.findTable({ tenantId, name });
  const [file] = table === undefined || lake === undefined ? [] : await lake.store.liveFiles(table.tableId);
  if (file === undefined) throw new Error(`The table ${name} has no file`);
  await lake?.objects.delete([file.path]);
  return file.path;
}
