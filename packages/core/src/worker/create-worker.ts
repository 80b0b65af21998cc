import { decodeWakeup, type Lane, wakeupChannel } from "@millrace/storage";

import { startUpkeep, type Upkeep } from "../upkeep/index.ts";
import { within } from "../within.ts";
import { createAttempts } from "./attempts.ts";
import { jitter } from "./backoff.ts";
import { createClaims } from "./claims.ts";
import { createContexts } from "./handler-context.ts";
import { createHeartbeats } from "./heartbeats.ts";
import { afterLogs, createJobLogs } from "./job-logs.ts";
import { createLeaseBook } from "./lease-book.ts";
import { type Loop, startLoop } from "./loop.ts";
import { readWorkerOptions, type WorkerOptions } from "./options.ts";
import { type Component, createOutages } from "./outages.ts";
import { createProgress } from "./progress.ts";
import { createSettler } from "./settler.ts";
import { createWorkerRegister } from "./worker-register.ts";

export type WorkerState = "idle" | "running" | "draining" | "stopped";

/** What a worker says of itself. */
export interface WorkerHealth {
  readonly name: string;
  readonly state: WorkerState;
  readonly concurrency: number;
  /** Jobs whose handlers run. */
  readonly running: number;
  /** Jobs claimed ahead. */
  readonly waiting: number;
  /** Ended attempts that the database hasn't confirmed. */
  readonly settling: number;
  /** Handlers that ignored their signal and may still run. */
  readonly abandoned: number;
  /** Whether notifications arrive; polling goes on either way. */
  readonly listening: boolean;
  /** What the database did not answer last time; empty when all is well. */
  readonly failing: readonly Component[];
}

export interface Worker {
  /** Begins to claim and run jobs; resolves once notifications were asked for. A database that is down is waited for. */
  start(): Promise<void>;
  /**
   * Claims nothing more, lets handlers finish for `graceMs`, then aborts them and hands their jobs back with the attempt refunded.
   * Resolves when all that could be written is written.
   */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
  health(): WorkerHealth;
}

/** The last writes of a stopping worker may take so long; leases that are left then run out and are rescued. */
const lastWritesMs = 5_000;

/** Makes a worker: it claims jobs of the types it has handlers for, runs them and writes how they ended. @throws VALIDATION_FAILED */
export function createWorker(options: WorkerOptions): Worker {
  const { store, listen, schedules } = options;
  const { settings, definitions, logger, metrics } = readWorkerOptions(options);
  const outages = createOutages(logger);
  const book = createLeaseBook();
  const settler = createSettler({ store, claims: () => claims, book, outages, logger });
  const heartbeats = createHeartbeats({ ...settings, store, book, outages, metrics });
  const progress = createProgress({ store, book, outages });
  const logs = createJobLogs({ store, outages });
  const contextOf = createContexts({ store, book, heartbeats, progress, logs, logger, metrics });
  const register = createWorkerRegister({ store, outages });
  let state: WorkerState = "idle";
  let listening = false;
  let subscription: { close(): Promise<void> } | undefined;
  let poll: Loop | undefined;
  let upkeep: Upkeep | undefined;
  let stopping: Promise<void> | undefined;

  const attempts = createAttempts({
    settings,
    definitions,
    book,
    settler: afterLogs(settler, logs),
    contextOf,
    logger,
    metrics,
    claimMs: () => claims.claimMs(),
    onRoom: () => claims.refill(),
    onPending: () => upkeep?.wake(),
  });
  const claims = createClaims({
    ...settings,
    store,
    types: [...definitions.keys()],
    worker: settings.name,
    room: attempts.room,
    canRide: () => settler.completionsWaiting() > 0,
    take: attempts.take,
    outages,
    metrics,
  });
  const unsample = metrics.beforeRender(() => {
    metrics.workerSlots.set(settings.concurrency);
    metrics.workerSlotsInUse.set(attempts.counts().running);
  });

  const look = (source: "notify" | "poll") => {
    metrics.wakeupsTotal.inc({ source });
    claims.look();
  };

  const onNotify = (payload: string) => {
    upkeep?.hear(payload);
    const lanes = decodeWakeup(payload);
    const { queues, tenantId } = settings;
    const concerns = ([tenant, queue, where]: Lane) =>
      where !== "held" &&
      (tenantId === undefined || tenant === tenantId) &&
      (queues === undefined || queues.includes(queue));
    if (lanes === undefined || lanes.some(concerns)) look("notify");
  };

  const onState = (connected: boolean) => {
    if (connected === listening) return;
    listening = connected;
    if (connected) look("notify");
    else logger.warn({ channel: wakeupChannel }, "Notifications don't arrive; the worker polls until they do");
  };

  async function drain(graceMs: number): Promise<void> {
    state = "draining";
    logger.info({ graceMs, counts: attempts.counts() }, "The worker is stopping");
    attempts.close();
    const claiming = Promise.all([claims.stop(), poll?.stop(), subscription?.close()]);
    const upkeepDone = upkeep?.stop();
    await within(graceMs, attempts.quiet());
    attempts.abortAll("shutdown");
    await attempts.quiet();
    await claiming;
    await Promise.all([within(lastWritesMs, attempts.idle()), upkeepDone]);
    settler.giveUp();
    await attempts.idle();
    await Promise.all([heartbeats.stop(), within(lastWritesMs, register.stop())]);
    attempts.end();
    book.close();
    unsample();
    state = "stopped";
    logger.info({}, "The worker has stopped");
  }

  return {
    async start() {
      if (state !== "idle") return;
      state = "running";
      const { concurrency, prefetch, queues } = settings;
      logger.info({ concurrency, prefetch, queues, types: [...definitions.keys()] }, "The worker is starting");
      heartbeats.start();
      register.enter({ ...settings, types: [...definitions.keys()] });
      upkeep = startUpkeep({
        ...settings,
        store,
        schedules,
        outages,
        metrics,
        logger,
        // Notifications tell of them, if they arrive.
        onDue: () => {
          if (!listening) claims.look();
        },
      });
      poll = startLoop({
        firstDelayMs: 0,
        step: () => {
          look("poll");
          return Promise.resolve(jitter(settings.pollIntervalMs));
        },
        onError: (error) => outages.failed("claim", error),
      });
      const asked = await listen?.(wakeupChannel, onNotify, onState);
      if (stopping === undefined) subscription = asked;
      else await asked?.close();
    },
    stop: ({ graceMs = settings.shutdownGraceMs } = {}) => (stopping ??= drain(graceMs)),
    health: () => ({
      name: settings.name,
      state,
      concurrency: settings.concurrency,
      ...attempts.counts(),
      listening,
      failing: outages.failing(),
    }),
  };
}
