import { MillraceError } from "@millrace/contract";
import type { BusSegment, Database, LeasedRange, RecordedKey, StreamedKey, StreamStore } from "@millrace/storage";
import { claimRange, keyHash, readRange, releaseLogLease } from "@millrace/storage";

import type { ClaimOptions, LoggedEvent, RangeClaim } from "../ingest-bus.ts";
import type { StreamSegment } from "./attachments.ts";
import { isStreamSegment } from "./attachments.ts";
import type { Losses } from "./losses.ts";
import type { StreamedEvent } from "./message.ts";
import type { NatsBusSettings } from "./options.ts";
import type { StreamReader } from "./reader.ts";

export interface ClaimContext {
  readonly settings: NatsBusSettings;
  readonly db: Database;
  readonly store: StreamStore;
  readonly reader: StreamReader;
  readonly losses: Losses;
}

interface Range {
  readonly to: number;
  readonly events: readonly LoggedEvent[];
  readonly bytes: number;
}

/** Others come first so long when a tenant's stream can't be read. */
const putOffMs = 1_000;

/**
 * Takes the next range under a lease. A range lies in one segment, so the log is read segment by segment to its end, and never beyond the head: what is
 * above may belong to publishers that are still under way. The message of the head is one of the tenant's own, so there is always one to read up to.
 */
export async function claim(context: ClaimContext, options: ClaimOptions): Promise<RangeClaim | undefined> {
  const { db, store } = context;
  const { owner, leaseMs, tenantNo } = options;
  const leased = await claimRange(db, { owner, leaseMs, tenantNo, readsStreams: true });
  if (leased === undefined) return undefined;
  const { head, ...lease } = leased;
  try {
    const range = head > lease.from && (await readNext(context, leased, options));
    if (range) return { ...lease, ...range, leaseMs };
  } catch (error) {
    await store.putOff(lease, putOffMs).catch(() => undefined);
    throw error;
  }
  await releaseLogLease(db, lease);
  return undefined;
}

async function readNext(context: ClaimContext, leased: LeasedRange, { limit, bytesMax }: ClaimOptions): Promise<Range> {
  const segment: BusSegment | undefined = await context.store.segmentAt(leased.tenantNo, leased.from + 1);
  const until = Math.min(leased.head, segment?.untilOffset ?? leased.head);
  return isStreamSegment(segment)
    ? readStream(context, leased, segment, { until, limit, bytesMax })
    : readRange(context.db, { tenantNo: leased.tenantNo, from: leased.from, head: until, limit, bytesMax });
}

async function readStream(
  { settings, store, reader, losses }: ClaimContext,
  { tenantNo, from }: LeasedRange,
  segment: StreamSegment,
  { until, limit, bytesMax }: { readonly until: number; readonly limit: number; readonly bytesMax: number },
): Promise<Range> {
  const { base, fromOffset } = segment;
  const after = Math.max(from, fromOffset - 1) - base;
  const found = await reader.read({ tenantNo, segment, after, until: until - base, limit, bytesMax });
  await settings.atPoint("read");
  if (found === undefined) {
    if (!(await losses.isLost(segment, until - base))) {
      throw new MillraceError("UNAVAILABLE", "The stream of events could not be read up to its end", {
        retryAfterMs: putOffMs,
      });
    }
    const lost = await store.pendingOf(tenantNo, segment.segment);
    settings.logger.error(
      {},
      `Stream ${segment.stream} has lost what it had acknowledged: offsets ${from + 1} to ${until} of log ${tenantNo} are passed over, ${lost.events} events`,
    );
    return { to: until, events: [], bytes: Math.max(lost.bytes, 0) };
  }
  const events = await settle(store, tenantNo, segment, found.events);
  await settings.atPoint("settled");
  return {
    to: base + found.to,
    events: events.map(({ sequence, payloadHash: _, batchId: __, bytes: ___, ...event }) => ({
      ...event,
      offset: base + sequence,
    })),
    bytes: events.reduce((sum, event) => sum + event.bytes, 0),
  };
}

/** Those that count: whose recorded offset is where they were read. What is not recorded yet is recorded here, and counts unless somebody was faster. */
async function settle(
  store: StreamStore,
  tenantNo: number,
  { segment, base }: StreamSegment,
  events: readonly StreamedEvent[],
): Promise<readonly StreamedEvent[]> {
  const keys = events.map((event): StreamedKey => ({
    tableId: event.tableId,
    keyHash: keyHash(event.key),
    payloadHash: event.payloadHash,
    bytes: event.bytes,
    offset: base + event.sequence,
    batchId: event.batchId,
  }));
  const recorded: (RecordedKey | undefined)[] = [...(await store.findKeys(keys))];
  const missing = [...keys.keys()].filter((place) => recorded[place] === undefined);
  const settled = await store.settle(
    tenantNo,
    segment,
    missing.flatMap((place) => keys[place] ?? []),
  );
  for (const [at, place] of missing.entries()) recorded[place] = settled[at];
  return events.filter((_, place) => recorded[place]?.offset === keys[place]?.offset);
}
