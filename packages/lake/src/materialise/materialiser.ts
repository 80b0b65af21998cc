import type { IngestBus, RangeClaim } from "@millrace/bus";
import type { LakeStore, ObjectStore, TableStore } from "@millrace/storage";
import { inSpan, type Logger, type Metrics, spanAttributes } from "@millrace/telemetry";

import { createDueTenants, type Due } from "./due-tenants.ts";
import type { FileWriter } from "./file-writer.ts";
import { inRangeSpan } from "./in-range-span.ts";
import { keepLease } from "./keep-lease.ts";
import { type MaterialiseStep, publishRange } from "./publish-range.ts";
import { removeFiles, writeRange, type WrittenRange } from "./write-range.ts";

export interface MaterialiserOptions {
  readonly bus: IngestBus;
  readonly lake: Pick<LakeStore, "intend" | "publish" | "findBatch">;
  readonly tables: Pick<TableStore, "tableById" | "columnsOf">;
  readonly objects: Pick<ObjectStore, "put">;
  readonly writer: FileWriter;
  /** Unique to the process and its start. */
  readonly owner: string;
  /** How old a tenant's oldest event may get before it is written; default 250. */
  readonly flushMs?: number;
  /** Events and bytes of payloads that are written at once at most; default 100,000 and 64 MiB. What is left over is written right after. */
  readonly flushRows?: number;
  readonly flushBytes?: number;
  /** Default 15,000. */
  readonly leaseMs?: number;
  /** How often it looks for what no notification told; default 1,000. */
  readonly pollMs?: number;
  /** Tenants that are written at the same time; default 2. */
  readonly tenantsAtOnce?: number;
  /** Failures of a range after which the event that is at fault is looked for; default 3. */
  readonly isolateAfter?: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Awaited between the steps of each range: where tests end the process. */
  readonly onStep?: (step: MaterialiseStep, claim: RangeClaim) => Promise<void> | void;
}

export interface MaterialiserHealth {
  readonly state: "new" | "running" | "draining" | "stopped";
  /** Tenants that are being written. */
  readonly busy: number;
  /** True while the log can't be read, or ranges can't be written one after the other. */
  readonly failing: boolean;
  readonly publishedAt: Date | undefined;
}

/** Carries events from the log into the lake. */
export interface Materialiser {
  /** Resolves once it listens. */
  start(): Promise<void>;
  /** Takes nothing new, and resolves when the ranges under way are published or given back. */
  stop(): Promise<void>;
  health(): MaterialiserHealth;
}

/** The greatest payload: a range that has no room for one more is full. */
const eventBytesMax = 4_194_304;
/** Failures in a row from which on it isn't the range that is at fault. */
const failuresMax = 3;
const backoffMs = 250;
const backoffMaxMs = 30_000;

/** Makes a materialiser. Any number of them may work on the same log: each range is published once, whoever else tries. */
export function createMaterialiser(options: MaterialiserOptions): Materialiser {
  const { bus, logger, metrics, writer, tables, flushMs = 250, leaseMs = 15_000, pollMs = 1_000 } = options;
  const { flushRows = 100_000, flushBytes = 67_108_864, tenantsAtOnce = 2, isolateAfter = 3 } = options;
  const due = createDueTenants();
  /** Tenants that are being written here, and whether something came meanwhile. */
  const busy = new Map<number, boolean>();
  let state: MaterialiserHealth["state"] = "new";
  let failing = false;
  let failuresInARow = 0;
  let publishedAt: Date | undefined;
  let poll: NodeJS.Timeout | undefined;
  let subscription: { close(): Promise<void> } | undefined;
  let lanes: Promise<unknown> = Promise.resolve();
  let claiming: Promise<unknown> = Promise.resolve();

  /** A lane has its own name as owner: what one has out can't be claimed by another. */
  async function runLane(owner: string): Promise<void> {
    for (let who = await due.next(); who !== undefined; who = await due.next()) {
      const sentAtMs = performance.now();
      const claim = await claimInTurn(owner, who);
      if (claim === undefined) continue;
      // Somebody else may wait as well.
      if (who === "anyone") due.add("anyone", 0);
      await consume(claim, sentAtMs);
      if (busy.get(claim.tenantNo) === true) due.add(claim.tenantNo, 0);
      busy.delete(claim.tenantNo);
    }
  }

  /** One claim at a time: whether a tenant is being written here is known before the next one is asked for. */
  function claimInTurn(owner: string, who: Due): Promise<RangeClaim | undefined> {
    const turn = claiming.then(() => claimNext(owner, who));
    claiming = turn;
    return turn;
  }

  async function claimNext(owner: string, who: Due): Promise<RangeClaim | undefined> {
    if (who !== "anyone" && busy.has(who)) {
      busy.set(who, true);
      return undefined;
    }
    const tenantNo = who === "anyone" ? undefined : who;
    try {
      const claimed = await bus.claimBatch({ owner, leaseMs, limit: flushRows, bytesMax: flushBytes, tenantNo });
      if (claimed !== undefined) busy.set(claimed.tenantNo, false);
      failing = false;
      return claimed;
    } catch (error) {
      if (!failing) logger.warn({ err: error }, "The log can't be read; events wait");
      failing = true;
      return undefined;
    }
  }

  async function consume(claim: RangeClaim, sentAtMs: number): Promise<void> {
    const { tenantId: tenant, tenantNo } = claim;
    const lease = keepLease(bus, claim, sentAtMs);
    let outcome: "published" | "lost" | "failed" = "failed";
    try {
      outcome = await inRangeSpan(claim, performance.now() - sentAtMs, async () =>
        (await publish(claim, lease)) ? "published" : "lost",
      );
      failuresInARow = 0;
      if (outcome === "lost")
        logger.warn(
          { tenant, owner: claim.owner },
          "The lease of a log was lost; its range is written again by whoever has it",
        );
    } catch (error) {
      failuresInARow++;
      logger.error({ err: error, tenant, failed: claim.failures + 1 }, "A range of the log could not be written");
      const delayMs = Math.min(backoffMs * 2 ** claim.failures, backoffMaxMs);
      // A range that can't be given back comes back with the end of its lease.
      await bus.nack(claim, { delayMs }).catch(() => undefined);
    } finally {
      lease.stop();
      metrics.lakeMaterialiseSeconds.observe({ outcome }, (performance.now() - sentAtMs) / 1_000);
    }
    if (outcome !== "published") return;
    await bus.release(claim).catch(() => undefined);
    const isFull = claim.events.length >= flushRows || claim.bytes > flushBytes - eventBytesMax;
    if (isFull) due.add(tenantNo, 0);
  }

  async function publish(claim: RangeClaim, lease: ReturnType<typeof keepLease>): Promise<boolean> {
    const onStep = (step: MaterialiseStep): Promise<void> | void => options.onStep?.(step, claim);
    await onStep("claimed");
    const written = await inSpan("write files", {}, () => writeRange(claim, { tables, writer, isolateAfter }));
    try {
      await onStep("written");
      const snapshot = await inSpan("publish snapshot", {}, async (span) => {
        const published = await publishRange(claim, written, lease, { ...options, onStep });
        span.set({ [spanAttributes.millraceSnapshotId]: published?.snapshotId });
        return published;
      });
      if (snapshot === undefined) return false;
      publishedAt = snapshot.snapshotTime;
      count(claim, written);
      await onStep("published");
      return true;
    } finally {
      await removeFiles(written.files);
    }
  }

  function count({ events, tenantId }: RangeClaim, { files, deadLetters, discarded }: WrittenRange): void {
    const outcomes = { dead: deadLetters.length, discarded, written: events.length - deadLetters.length - discarded };
    for (const [outcome, events_] of Object.entries(outcomes)) {
      if (events_ > 0) metrics.lakeEventsTotal.inc({ outcome: outcome as keyof typeof outcomes }, events_);
    }
    if (files.length > 0) metrics.lakeFilesTotal.inc(files.length);
    const [oldest] = events;
    // Two clocks: what the database accepted may lie ahead of ours.
    if (oldest !== undefined)
      metrics.lakeVisibleSeconds.observe(Math.max(0, Date.now() - oldest.ingestedAt.getTime()) / 1_000);
    if (deadLetters.length > 0) {
      logger.warn(
        { tenant: tenantId, count: deadLetters.length, reason: deadLetters[0]?.code },
        "Events can't be rows of their tables; they are dead letters",
      );
    }
    if (discarded > 0) logger.info({ tenant: tenantId, count: discarded }, "Events of a dropped table were discarded");
  }

  return {
    async start() {
      state = "running";
      subscription = await bus.onPublished((tenantNo) => due.add(tenantNo, flushMs));
      poll = setInterval(() => due.add("anyone", 0), pollMs);
      due.add("anyone", 0);
      lanes = Promise.all(Array.from({ length: tenantsAtOnce }, (_, lane) => runLane(`${options.owner}/${lane}`)));
    },
    async stop() {
      if (state === "running") state = "draining";
      clearInterval(poll);
      due.close();
      await Promise.all([subscription?.close(), lanes]);
      state = "stopped";
    },
    health: () => ({ state, busy: busy.size, failing: failing || failuresInARow >= failuresMax, publishedAt }),
  };
}
