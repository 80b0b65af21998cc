import { type JobStore, type ScheduleStore, wakeupChannel, wantsAdmission } from "@millrace/storage";
import type { Logger, Metrics } from "@millrace/telemetry";

import { createTicker } from "../schedules/ticker.ts";
import { within } from "../within.ts";
import { type Loop, startLoop } from "../worker/loop.ts";
import type { Listen } from "../worker/options.ts";
import { createOutages, type Outages } from "../worker/outages.ts";
import { admitTask } from "./admit.ts";
import { dropExpiredTask } from "./drop-expired.ts";
import { ensurePartitionsTask } from "./ensure-partitions.ts";
import { foldCountsTask } from "./fold-counts.ts";
import { promoteTask } from "./promote.ts";
import { rescueTask } from "./rescue.ts";
import { sampleTask } from "./sample.ts";
import { sweepKeysTask } from "./sweep-keys.ts";
import type { Task } from "./task.ts";

export interface UpkeepOptions {
  readonly store: Pick<
    JobStore,
    | "promoteDue"
    | "admitHeld"
    | "rescueExpired"
    | "ensurePartitions"
    | "dropExpired"
    | "cancelOrphans"
    | "sweepKeys"
    | "foldCounts"
    | "queueStats"
  >;
  /** A database's `listen`. With it jobs that were enqueued in somebody's own transaction are admitted as soon as that commits. */
  readonly listen?: Listen | undefined;
  /** Where cron schedules are kept; without it none is fired from here. */
  readonly schedules?: ScheduleStore | undefined;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, "jobsEnqueuedTotal" | "rescuedTotal" | "queueDepth" | "queueOldestReadyAgeSeconds">;
  /** Where failures are counted; default a log of its own. */
  readonly outages?: Outages | undefined;
  /** How often to look for scheduled jobs that are due; default 250. */
  readonly pollIntervalMs?: number | undefined;
  /** How often to look for expired leases; default 5,000. */
  readonly rescueIntervalMs?: number | undefined;
  /** How often queues are counted for the metrics; default 15,000. */
  readonly sampleIntervalMs?: number | undefined;
  /** Counts this tenant's queues only; default every tenant's. */
  readonly tenantId?: string | undefined;
  /** Jobs have become claimable; notifications say so too. */
  readonly onDue?: (() => void) | undefined;
}

export interface Upkeep {
  /** A job has been put back for later: learn anew when the next one is due. */
  wake(): void;
  /** Tells of a notification, for whoever listens already and gives no `listen`. */
  hear(payload: string): void;
  /** Begins nothing more, and waits a few seconds for what is under way. */
  stop(): Promise<void>;
}

/** A partition that is being made may take long, and others can make it. */
const lastStepMs = 5_000;

/**
 * What every process does for all, each task on a loop of its own: bring due jobs to where they can be claimed, admit those that wait for their
 * concurrency key, fire schedules, rescue expired leases, make and drop partitions, fold counts, sample the queues. Any number of processes may do it at once,
 * and none depends on another.
 */
export function startUpkeep(options: UpkeepOptions): Upkeep {
  const { store, listen, schedules, logger, metrics, tenantId, onDue = () => undefined } = options;
  const { pollIntervalMs = 250, rescueIntervalMs = 5_000, sampleIntervalMs = 15_000 } = options;
  const outages = options.outages ?? createOutages(logger);

  const start = ({ component, firstDelayMs, step, pauseMs }: Task): Loop =>
    startLoop({
      firstDelayMs,
      pauseMs,
      async step() {
        const waitMs = await step();
        outages.recovered(component);
        return waitMs;
      },
      onError: (error) => outages.failed(component, error),
    });

  const onRescued = () => {
    onDue();
    promote.wake();
  };
  const promote = start(promoteTask({ store, pollIntervalMs, onDue }));
  const admit = start(admitTask(store));
  const others = [
    rescueTask({ store, intervalMs: rescueIntervalMs, metrics, logger, onRescued }),
    ensurePartitionsTask(store),
    dropExpiredTask(store, logger),
    sweepKeysTask(store),
    foldCountsTask(store),
    sampleTask({ store, intervalMs: sampleIntervalMs, tenantId, metrics }),
  ].map(start);
  const ticker =
    schedules &&
    createTicker({
      schedules,
      logger,
      metrics,
      onSuccess: () => outages.recovered("schedules"),
      onFailure: (error) => outages.failed("schedules", error),
      onFired: onDue,
    });
  const hear = (payload: string) => {
    if (wantsAdmission(payload)) admit.wake();
  };
  const subscription = listen?.(wakeupChannel, hear, () => undefined);

  return {
    wake: promote.wake,
    hear,
    async stop() {
      await within(
        lastStepMs,
        Promise.all([promote, admit, ...others, ...(ticker === undefined ? [] : [ticker])].map((one) => one.stop())),
      );
      await (await subscription)?.close();
    },
  };
}
