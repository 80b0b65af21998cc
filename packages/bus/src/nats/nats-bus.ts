import {
  ackRange,
  createAnnouncer,
  createPostgresStreamStore,
  eventsChannel,
  extendLogLease,
  keepUpLog,
  nackRange,
  oldestPending,
  publishEvents,
  releaseLogLease,
  requeueExpiredRanges,
} from "@millrace/storage";

import type { IngestBus } from "../ingest-bus.ts";
import { createAttachments } from "./attachments.ts";
import { claim } from "./claim.ts";
import { createConnector } from "./connection.ts";
import { toMillraceError } from "./error.ts";
import { lag } from "./lag.ts";
import { createLosses } from "./losses.ts";
import { oldestOfLog } from "./oldest-of-log.ts";
import { createOldestPending } from "./oldest-pending.ts";
import type { NatsBusOptions } from "./options.ts";
import { readOptions } from "./options.ts";
import { publish } from "./publish.ts";
import { createStreamReader } from "./reader.ts";
import { createStreams } from "./streams.ts";
import { purgeStreams } from "./upkeep.ts";

/**
 * The bus on NATS JetStream: events are messages of a stream, offsets follow from their numbers there. Which messages count, leases and how far a log is
 * consumed are rows in PostgreSQL, as with the bus on PostgreSQL; what a log still has there is read, too. Connects when it is first needed.
 * @throws VALIDATION_FAILED
 */
export function createNatsBus(options: NatsBusOptions): IngestBus {
  const settings = readOptions(options);
  const { db } = settings;
  const store = createPostgresStreamStore(db);
  const connector = createConnector(settings, () => attachments.forgetAll());
  const streams = createStreams(settings, connector);
  const attachments = createAttachments(store, streams);
  const reader = createStreamReader(settings, connector, streams);
  const losses = createLosses(settings, connector, streams);
  const announcer = createAnnouncer(db);
  const publishing = { settings, connector, streams, store, attachments };
  const claiming = { settings, db, store, reader, losses };
  const looking = { db, store, streams, connector };
  const oldestPendingAt = createOldestPending({
    look: () => oldestPending(db),
    ask: (tenantNo) => oldestOfLog(looking, tenantNo),
  });
  const underWay = new Set<Promise<unknown>>();

  /** Closing waits for what is under way. */
  function tracked<Result>(work: Promise<Result>): Promise<Result> {
    underWay.add(work);
    void forget(work);
    return work;
  }

  async function forget(work: Promise<unknown>): Promise<void> {
    await Promise.allSettled([work]);
    underWay.delete(work);
  }

  return {
    kind: "nats",
    async publish(tenantNo, events, publishOptions) {
      if (events.length === 0) return [];
      const outcomes = await tracked(
        settings.publishTo === "postgres"
          ? publishEvents(db, tenantNo, events, publishOptions)
          : publish(publishing, tenantNo, events, publishOptions),
      );
      if (outcomes.some(({ outcome }) => outcome === "accepted")) announcer.announce(tenantNo);
      return outcomes;
    },
    claimBatch: (claimOptions) => tracked(claim(claiming, claimOptions)),
    async ack(tx, range) {
      if (!(await ackRange(tx, range))) return false;
      const { tenantNo, to, events, bytes } = range;
      await store.countConsumed(tx, { tenantNo, to, events: events.length, bytes });
      return true;
    },
    nack: (range, { delayMs }) => nackRange(db, range, delayMs),
    extendLease: (lease, leaseMs) => extendLogLease(db, lease, leaseMs),
    release: (lease) => releaseLogLease(db, lease),
    async requeueExpired() {
      const tenants = await requeueExpiredRanges(db);
      for (const tenantNo of tenants) announcer.announce(tenantNo);
      return tenants.length;
    },
    lag: (tenantNo) => lag(looking, tenantNo),
    oldestPendingAt,
    // Messages of a stream can\'t be counted by table and place.
    pendingByTable: () => Promise.resolve(undefined),
    async upkeep() {
      await keepUpLog(db, { keyWindowMs: settings.keyWindowMs });
      await store.sweep();
      await tracked(purgeStreams(store, connector, streams));
    },
    onPublished: (listener) => db.listen(eventsChannel, (payload) => listener(Number(payload))),
    async ping() {
      const { jsm } = await connector.link();
      await Promise.all([
        db.ping(),
        jsm.getAccountInfo().catch((error: unknown) => {
          throw toMillraceError(error);
        }),
      ]);
    },
    async close() {
      announcer.close();
      await Promise.allSettled(underWay);
      await reader.close();
      await connector.close();
    },
  };
}
