import { MillraceError } from "@millrace/contract";
import type { Database } from "@millrace/storage";
import {
  ackRange,
  claimRange,
  createAnnouncer,
  eventsChannel,
  extendLogLease,
  keepUpLog,
  logLag,
  nackRange,
  oldestPending,
  pendingByTable,
  publishEvents,
  readRange,
  releaseLogLease,
  requeueExpiredRanges,
} from "@millrace/storage";

import type { IngestBus } from "./ingest-bus.ts";

export interface PostgresBusOptions {
  /** Stays open when the bus is closed: it is its owner's. May lead to a transaction-mode pooler, but for `onPublished`. */
  readonly db: Database;
  /** How long an idempotency key is known at least; default 7 days. */
  readonly keyWindowMs?: number | undefined;
}

/** The bus on PostgreSQL: events are rows of the log, offsets come from the tenant's head row. */
export function createPostgresBus({ db, keyWindowMs }: PostgresBusOptions): IngestBus {
  const announcer = createAnnouncer(db);

  return {
    kind: "postgres",
    async publish(tenantNo, events, options) {
      const outcomes = await publishEvents(db, tenantNo, events, options);
      if (outcomes.some(({ outcome }) => outcome === "accepted")) announcer.announce(tenantNo);
      return outcomes;
    },
    async claimBatch({ owner, leaseMs, limit, bytesMax, tenantNo }) {
      const leased = await claimRange(db, { owner, leaseMs, tenantNo });
      if (leased === undefined) return undefined;
      const { head, ...lease } = leased;
      try {
        // The head that the claim saw may be older than the watermark that it locked: then there is nothing yet.
        const range = head > lease.from && (await readRange(db, { ...lease, head, limit, bytesMax }));
        if (range) return { ...lease, ...range, leaseMs };
      } catch (error) {
        await releaseLogLease(db, lease).catch(() => undefined);
        throw error;
      }
      await releaseLogLease(db, lease);
      return undefined;
    },
    ack: (tx, claim) => ackRange(tx, claim),
    nack: (claim, { delayMs }) => nackRange(db, claim, delayMs),
    extendLease: (claim, leaseMs) => extendLogLease(db, claim, leaseMs),
    release: (claim) => releaseLogLease(db, claim),
    async requeueExpired() {
      const tenants = await requeueExpiredRanges(db);
      for (const tenantNo of tenants) announcer.announce(tenantNo);
      return tenants.length;
    },
    lag: (tenantNo) => logLag(db, tenantNo),
    async oldestPendingAt() {
      const { oldestAt, elsewhere } = await oldestPending(db);
      if (elsewhere.length === 0) return oldestAt;
      const message = `Events of ${elsewhere.length} tenants wait where this process doesn't read, and nobody knows for how long`;
      throw new MillraceError("UNAVAILABLE", message);
    },
    pendingByTable: (tenantNo) => pendingByTable(db, tenantNo),
    upkeep: () => keepUpLog(db, { keyWindowMs }),
    onPublished: (listener) => db.listen(eventsChannel, (payload) => listener(Number(payload))),
    ping: () => db.ping(),
    async close() {
      announcer.close();
    },
  };
}
