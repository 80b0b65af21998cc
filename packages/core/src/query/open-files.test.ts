import { expect, test } from "vitest";

import { MillraceError } from "@millrace/contract";
import type { EventTable, LakeFile, Snapshot } from "@millrace/storage";

import type { QueryCtx } from "./context.ts";
import { openTables } from "./open-files.ts";

const table = { name: "clicks", tableId: 1, version: 1, columns: [], primaryKey: [] } as unknown as EventTable;
const snapshot = { tenantNo: 1, snapshotId: 5 } as Snapshot;
const file = { tableId: 1, version: 1, path: "1/a.parquet", fileBytes: 10 } as LakeFile;
const noObject = new MillraceError("NOT_FOUND", "There is no object 1/a.parquet");

/** Opens a table whose one object is gone; the catalogue names it, and answers `again` when it is asked once more. */
function openWithoutObject(again: () => Promise<readonly LakeFile[]>): Promise<unknown> {
  let asked = 0;
  const ctx = {
    lake: { filesOf: () => (asked++ === 0 ? Promise.resolve([file]) : again()) },
    files: { acquire: () => Promise.reject(noObject) },
  } as unknown as QueryCtx;
  return openTables(ctx, { snapshot, tables: [table], signal: new AbortController().signal });
}

test("an object that is gone with its snapshot, which has expired since the query began, is no fault", async () => {
  const expired = new MillraceError("SNAPSHOT_EXPIRED", "Snapshot 5 has expired: its files may be gone.");
  await expect(openWithoutObject(() => Promise.reject(expired))).rejects.toMatchObject({ code: "SNAPSHOT_EXPIRED" });
  // So long ago that nothing is known of it any more.
  await expect(openWithoutObject(async () => [])).rejects.toMatchObject({ code: "SNAPSHOT_EXPIRED" });
});

test("an object that is gone while its snapshot is kept is a fault of ours, with the object as its cause", async () => {
  await expect(openWithoutObject(async () => [file])).rejects.toMatchObject({
    code: "INTEGRITY_CHECK_FAILED",
    message: expect.not.stringContaining("1/a.parquet"),
    cause: noObject,
  });
});
