import { createHash } from "node:crypto";

import { MillraceError } from "@millrace/contract";
import type { HistoryPage, HistoryStore, LakeStore, ObjectStore } from "@millrace/storage";

import type { WrittenFile } from "../file-writer.ts";

export interface PublishTenantOptions {
  readonly history: Pick<HistoryStore, "mayPublish">;
  readonly lake: Pick<LakeStore, "intend" | "publish" | "findBatch">;
  readonly objects: Pick<ObjectStore, "put">;
  readonly onStep: (step: "intended" | "uploaded" | "allowed") => Promise<void> | void;
}

/** The id of a tenant's part of a page: the same whoever publishes it, so that it is published once. */
export function batchIdOf({ pageId }: HistoryPage, tenantNo: number): string {
  const hex = createHash("sha256").update(`${pageId}/${tenantNo}`).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/**
 * Uploads and publishes a tenant's part of a page. Where somebody has published it, nothing is: the files have intents, and are the sweeper's.
 * @throws UNAVAILABLE when it is not published, and the page has to be done again
 */
export async function publishTenant(
  page: HistoryPage,
  tenantNo: number,
  files: readonly WrittenFile[],
  { history, lake, objects, onStep }: PublishTenantOptions,
): Promise<void> {
  const batchId = batchIdOf(page, tenantNo);
  // The export has a lease of its own, and no epoch of the tenant's.
  await lake.intend({ tenantNo, epoch: 0, batchId, paths: files.map(({ path }) => path) });
  await onStep("intended");
  for (const { path, file } of files) await objects.put(path, file);
  await onStep("uploaded");
  const snapshot = await lake.publish({
    tenantNo,
    kind: "history",
    batchId,
    adds: files.map(({ file: _, ...added }) => added),
    ends: [],
    async advance(tx) {
      const isAllowed = await history.mayPublish(tx, page, batchId);
      if (isAllowed) await onStep("allowed");
      return isAllowed;
    },
  });
  if (snapshot === undefined && (await lake.findBatch(batchId)) === undefined) {
    throw new MillraceError("UNAVAILABLE", "A part of the history of jobs could not be published");
  }
}
