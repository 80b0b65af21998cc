import { setTimeout as delay } from "node:timers/promises";

import { z } from "zod";

import { type HandlerContext, NonRetryableError, defineJob } from "@millrace/core";

import { openHistory } from "../history/history-file.ts";
import { connectEffects } from "./effects.ts";
import { recordedTypes } from "./recorded-types.ts";

const payloadSchema = z.strictObject({
  /** So many attempts fail before one succeeds. */
  failures: z.int().min(0).default(0),
  /** The first attempt kills the job. */
  dies: z.boolean().default(false),
  runMs: z.int().min(0).default(0),
  /** Where to wait until the test lets it go on. */
  gateUrl: z.url().optional(),
  /** Waits there even when its signal fires. */
  stubborn: z.boolean().default(false),
});

type Payload = z.output<typeof payloadSchema>;

const { env } = process;
const append = openHistory(env["E2E_HISTORY"] ?? "", env["MILLRACE_WORKER_NAME"] ?? "");
const effects = env["E2E_EFFECTS_URL"] === undefined ? undefined : connectEffects(env["E2E_EFFECTS_URL"]);

/** Job types that leave a trace of each attempt, and then end as their payload says. */
export const recordedJobs = recordedTypes.map((type) => defineJob({ type, input: payloadSchema, handler }));

async function handler(context: HandlerContext<Payload>): Promise<unknown> {
  const { id: jobId, attempts: attempt, fence, leaseExpiresAt } = context.job;
  const worker = context.job.lockedBy ?? "";
  const leaseUntilMs = leaseExpiresAt?.getTime() ?? 0;
  append({ kind: "started", jobId, attempt, fence, worker, atMs: Date.now(), leaseUntilMs });
  try {
    return await run(context, worker);
  } finally {
    append({ kind: "ended", jobId, fence, atMs: Date.now() });
  }
}

async function run({ job, payload, signal }: HandlerContext<Payload>, worker: string): Promise<unknown> {
  const { id: jobId, attempts: attempt, fence } = job;
  await effects?.insert({ jobId, attempt, worker });
  if (payload.gateUrl !== undefined) {
    const query = new URLSearchParams({ jobId, attempt: String(attempt), worker });
    await fetch(`${payload.gateUrl}?${query.toString()}`, payload.stubborn ? {} : { signal });
  }
  if (payload.runMs > 0) await delay(payload.runMs, undefined, { signal });
  if (payload.dies) throw new NonRetryableError("Dies as it was asked to");
  if (attempt <= payload.failures) throw new Error("Fails as it was asked to");
  return { fence, worker };
}
