import type { Executor } from "../executor.ts";
import { countConsumed } from "./count-consumed.ts";
import { findKeys } from "./find-keys.ts";
import { logHead } from "./head.ts";
import { openSegment } from "./open-segment.ts";
import { pendingEvents, pendingOfSegment } from "./pending.ts";
import { purgeable } from "./purgeable.ts";
import { putOff } from "./put-off.ts";
import { recordStreamed } from "./record.ts";
import { segmentAt } from "./segment-at.ts";
import { settleStreamed } from "./settle.ts";
import type { StreamStore } from "./stream-store.ts";
import { sweepStreams } from "./sweep.ts";

/** What PostgreSQL knows of streams; the database stays its owner's. */
export function createPostgresStreamStore(db: Executor): StreamStore {
  return {
    findKeys: (keys) => findKeys(db, keys),
    record: (tenantNo, segment, keys, batchId) => recordStreamed(db, tenantNo, segment, keys, batchId),
    settle: (tenantNo, segment, keys) => settleStreamed(db, tenantNo, segment, keys),
    openSegment: (tenantNo, stream) => openSegment(db, tenantNo, stream),
    segmentAt: (tenantNo, offset) => segmentAt(db, tenantNo, offset),
    head: (tenantNo) => logHead(db, tenantNo),
    putOff: (lease, delayMs) => putOff(db, lease, delayMs),
    countConsumed: (tx, consumed) => countConsumed(tx, consumed),
    pendingOf: (tenantNo, segment) => pendingOfSegment(db, tenantNo, segment),
    pendingEvents: (tenantNo) => pendingEvents(db, tenantNo),
    purgeable: (stream, createdAt) => purgeable(db, stream, createdAt),
    sweep: () => sweepStreams(db),
  };
}
