import { randomBytes } from "node:crypto";
import { hostname } from "node:os";

import { z } from "zod";

import { type FieldError, MillraceError, limits, queueNameSchema, tenantIdSchema } from "@millrace/contract";
import type { JobStore, ScheduleStore } from "@millrace/storage";
import { createMetrics, type Logger, type Metrics, silentLogger } from "@millrace/telemetry";

import { fieldErrors } from "../parse.ts";
import { type JobDefinition, isJobDefinition } from "./define-job.ts";

/** Calls back for each notification on a channel, as a database's `listen` does. */
export type Listen = (
  channel: string,
  onNotify: (payload: string) => void,
  onState: (connected: boolean) => void,
) => Promise<{ close(): Promise<void> }>;

export interface WorkerOptions {
  readonly store: JobStore;
  /** What `defineJob` made; one a type. Only these types are claimed. */
  readonly handlers: readonly JobDefinition[];
  /** A database's `listen`: wakes the worker as soon as a job is there. Without it the worker polls. */
  readonly listen?: Listen | undefined;
  /** Where cron schedules are kept: the worker fires those that are due, of all queues. Without it this one fires none. */
  readonly schedules?: ScheduleStore | undefined;
  /** Queues to work; default all of them. */
  readonly queues?: readonly string[] | undefined;
  /** Work for this tenant only; default all of them, in turns. */
  readonly tenantId?: string | undefined;
  /** Shown as a job's `lockedBy`; default the host's name, the process id and four random digits. */
  readonly name?: string | undefined;
  /** Jobs that run at the same time; default 50. */
  readonly concurrency?: number | undefined;
  /** Jobs claimed ahead of free slots, more only where jobs take milliseconds; default 10, 0 for none. */
  readonly prefetch?: number | undefined;
  /** How long a claim holds without a heartbeat; default 30,000. */
  readonly leaseMs?: number | undefined;
  /** How often leases are extended; default a third of `leaseMs`, always less than half. */
  readonly heartbeatMs?: number | undefined;
  /** How often to look for jobs that no notification announced, and for scheduled ones that are due; default 250. */
  readonly pollIntervalMs?: number | undefined;
  /** How long handlers may go on after `stop`; default 25,000. */
  readonly shutdownGraceMs?: number | undefined;
  /** How long a handler may go on after its signal has fired, before it is abandoned; default 5,000, at most 2,000 when the worker stops. */
  readonly abortGraceMs?: number | undefined;
  /** Timeout of jobs that have none, nor their definition; default 24 hours, which is also the most. */
  readonly timeoutMs?: number | undefined;
  /** How often to look for expired leases of any worker; default 5,000, at most half of `leaseMs`. */
  readonly rescueIntervalMs?: number | undefined;
  /** How often queues are counted for the metrics; default 15,000. */
  readonly sampleIntervalMs?: number | undefined;
  readonly logger?: Logger | undefined;
  readonly metrics?: Metrics | undefined;
}

const timerMax = 2_147_483_647;
const durationMs = (min: number) => z.int().min(min).max(timerMax);

const schema = z
  .object({
    queues: z.array(queueNameSchema).min(1).optional(),
    tenantId: tenantIdSchema.optional(),
    name: z.string().min(1).max(128),
    concurrency: z.int().min(1).max(10_000).default(50),
    prefetch: z.int().min(0).max(10_000).default(10),
    leaseMs: durationMs(100).default(30_000),
    heartbeatMs: durationMs(10).optional(),
    pollIntervalMs: durationMs(1).default(250),
    shutdownGraceMs: durationMs(0).default(25_000),
    abortGraceMs: durationMs(0).default(5_000),
    timeoutMs: durationMs(1).max(limits.timeoutMsMax).default(limits.timeoutMsMax),
    rescueIntervalMs: durationMs(10).optional(),
    sampleIntervalMs: durationMs(100).default(15_000),
  })
  .transform((given) => ({
    ...given,
    heartbeatMs: given.heartbeatMs ?? Math.floor(given.leaseMs / 3),
    rescueIntervalMs: Math.min(given.rescueIntervalMs ?? 5_000, Math.floor(given.leaseMs / 2)),
  }))
  .refine(({ heartbeatMs, leaseMs }) => heartbeatMs < leaseMs / 2, {
    path: ["heartbeatMs"],
    message: "must be less than half of leaseMs",
  });

export type WorkerSettings = Readonly<z.output<typeof schema>>;

export interface ReadWorkerOptions {
  readonly settings: WorkerSettings;
  readonly definitions: ReadonlyMap<string, JobDefinition>;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Validates a worker's options and fills in the defaults. @throws VALIDATION_FAILED naming every problem */
export function readWorkerOptions(options: WorkerOptions): ReadWorkerOptions {
  const name = options.name ?? `${hostname()}:${process.pid}:${randomBytes(2).toString("hex")}`;
  const result = schema.safeParse({ ...options, name });
  const definitions = new Map<string, JobDefinition>();
  const errors: FieldError[] = result.success ? [] : [...fieldErrors(result.error)];
  if (options.handlers.length === 0) {
    errors.push({ path: "handlers", code: "too_small", message: "A worker needs at least one job definition." });
  }
  for (const [index, definition] of options.handlers.entries()) {
    const problem = problemOf(definition, definitions);
    if (problem === undefined) definitions.set(definition.type, definition);
    else errors.push({ path: `handlers.${index}`, ...problem });
  }
  if (!result.success || errors.length > 0) {
    throw new MillraceError("VALIDATION_FAILED", "The worker's options are not valid.", { errors });
  }
  const logger = (options.logger ?? silentLogger).child({ worker: name });
  const metrics = options.metrics ?? createMetrics({ service: "worker", version: "0.0.0", defaultMetrics: false });
  return { settings: result.data, definitions, logger, metrics };
}

function problemOf(
  definition: JobDefinition,
  known: ReadonlyMap<string, JobDefinition>,
): Omit<FieldError, "path"> | undefined {
  if (!isJobDefinition(definition)) return { code: "invalid_type", message: "Give what defineJob returns." };
  if (known.has(definition.type))
    return { code: "duplicate", message: `The type ${definition.type} has a handler already.` };
  return undefined;
}
