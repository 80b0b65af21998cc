import { MillraceError } from "@millrace/contract";
import { logLag } from "@millrace/storage";

import { isStreamSegment } from "./attachments.ts";
import { toMillraceError } from "./error.ts";
import type { LagContext } from "./lag.ts";
import { oldestAt } from "./oldest-at.ts";

/** When a log's oldest event that is not consumed was ingested; undefined where none waits. @throws UNAVAILABLE where one waits and its stream doesn't tell */
export async function oldestOfLog(context: LagContext, tenantNo: number): Promise<Date | undefined> {
  const { db, store } = context;
  const found = await logLag(db, tenantNo);
  if (found === undefined || found.head === found.watermark) return undefined;
  const segment = await store.segmentAt(tenantNo, found.watermark + 1);
  const at = isStreamSegment(segment)
    ? await oldestAt(context, found, segment).catch((error: unknown) => {
        throw toMillraceError(error);
      })
    : found.oldestPendingAt;
  if (at !== undefined) return at;
  // What was consumed and purged meanwhile waits no more, and what comes behind it is younger.
  const now = await logLag(db, tenantNo);
  if (now?.watermark !== found.watermark) return undefined;
  throw new MillraceError(
    "UNAVAILABLE",
    `Events of the log ${tenantNo} wait, and its stream doesn't tell for how long`,
  );
}
