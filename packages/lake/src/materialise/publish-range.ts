import { setTimeout as delay } from "node:timers/promises";

import { v7 as uuidv7 } from "uuid";

import type { IngestBus, RangeClaim } from "@millrace/bus";
import { MillraceError } from "@millrace/contract";
import type { LakeStore, ObjectStore, Snapshot, SnapshotChange } from "@millrace/storage";

import type { KeptLease } from "./keep-lease.ts";
import type { WrittenRange } from "./write-range.ts";

/** Where a range is: between any two of these the process may end. */
export type MaterialiseStep = "claimed" | "written" | "intended" | "uploaded" | "acked" | "published";

export interface PublishRangeOptions {
  readonly bus: IngestBus;
  readonly lake: Pick<LakeStore, "intend" | "publish" | "findBatch">;
  readonly objects: Pick<ObjectStore, "put">;
  readonly onStep: (step: MaterialiseStep) => Promise<void> | void;
}

const uploadsAtOnce = 4;
const retryAfterMs = 200;

/**
 * Uploads the files of a range and publishes them with the range's end as the watermark. Undefined, and nothing published, when the lease or the
 * range is no longer the claim's: what was uploaded has intents, and is the sweeper's. @throws when it is certain that nothing was published
 */
export async function publishRange(
  claim: RangeClaim,
  { files, deadLetters }: WrittenRange,
  lease: KeptLease,
  { bus, lake, objects, onStep }: PublishRangeOptions,
): Promise<Snapshot | undefined> {
  const { tenantNo, epoch } = claim;
  const batchId = uuidv7();
  await lake.intend({ tenantNo, epoch, batchId, paths: files.map(({ path }) => path) });
  await onStep("intended");
  for (let start = 0; start < files.length; start += uploadsAtOnce) {
    const uploads = files.slice(start, start + uploadsAtOnce).map(({ path, file }) => objects.put(path, file));
    const failed = (await Promise.allSettled(uploads)).find(({ status }) => status === "rejected");
    if (failed !== undefined) await Promise.all(uploads);
  }
  await onStep("uploaded");
  const change: SnapshotChange = {
    tenantNo,
    kind: "publish",
    batchId,
    adds: files.map(({ file: _, ...added }) => added),
    ends: [],
    deadLetters,
    async advance(tx) {
      const isOurs = await bus.ack(tx, claim);
      if (isOurs) await onStep("acked");
      return isOurs;
    },
  };
  return publishOnce(change, lake, lease);
}

/**
 * Publishes, and where the answer is lost finds out. The same change is tried again: it takes the progress row, so a first try that is still about to
 * commit ends before it, and then the watermark has moved and the second one is refused. After a refusal the batch's own id tells which of the two it was.
 */
async function publishOnce(
  change: SnapshotChange,
  lake: Pick<LakeStore, "publish" | "findBatch">,
  lease: KeptLease,
): Promise<Snapshot | undefined> {
  let isUnknown = false;
  while (lease.isSafe()) {
    try {
      const snapshot = await lake.publish(change);
      return snapshot ?? (isUnknown ? await lake.findBatch(change.batchId) : undefined);
    } catch (error) {
      if (!(error instanceof MillraceError && error.code === "UNAVAILABLE")) throw error;
      isUnknown = true;
      await delay(retryAfterMs);
    }
  }
  return undefined;
}
