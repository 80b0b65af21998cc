import { setTimeout as delay } from "node:timers/promises";

import { type MillraceClient, createClient } from "@millrace/client";
import { type HistoryEvent, openHistory } from "@millrace/e2e/history";
import { decodeLeaseToken } from "@millrace/storage";

import { limitedQueue } from "./limited-queue.ts";

/**
 * A worker in another process than the store's, which works over HTTP alone and writes down every claim, heartbeat and finish. It trusts
 * nothing that it holds: after a sleep it goes on as if its leases were good, so that only the fence can stop it.
 */
interface Held {
  readonly jobId: string;
  readonly attempt: number;
  readonly fence: number;
  readonly leaseToken: string;
  readonly payload: { readonly failures?: number; readonly dies?: boolean; readonly runMs?: number };
}

const { env } = process;
const setting = (name: string): string => env[name] ?? "";
const worker = setting("CHAOS_NAME");
const leaseMs = Number(setting("CHAOS_LEASE_MS"));
const types = setting("CHAOS_TYPES").split(",");
const queues = ["default", limitedQueue];
const append: (event: HistoryEvent) => void = openHistory(setting("CHAOS_HISTORY"), `${worker}-${process.pid}`);
const clients = setting("CHAOS_APIS")
  .split(",")
  .map((baseUrl) => createClient({ baseUrl, apiKey: "alpha-key", retriesMax: 0, timeoutMs: 10_000 }));
const claimers = 4;
const refusedPauseMs = 100;
const waitMs = 1_000;
let turn = 0;

const nextClient = (): MillraceClient => clients[turn++ % clients.length]!;

async function claim(): Promise<readonly Held[]> {
  const fromMs = Date.now();
  const { items } = await nextClient().leases.claim({ queues, types, limit: 2, leaseMs, waitMs, worker });
  const atMs = Date.now();
  return items.map(({ job, leaseToken }) => {
    const fence = decodeLeaseToken(leaseToken)?.fence ?? 0;
    const { id: jobId, attempts: attempt } = job;
    append({ kind: "claimed", jobId, attempt, fence, worker, fromMs, atMs, leaseMs });
    return { jobId, attempt, fence, leaseToken, payload: job.payload as Held["payload"] };
  });
}

async function beat({ jobId, fence, leaseToken }: Held): Promise<void> {
  const fromMs = Date.now();
  const { items } = await nextClient().leases.heartbeat({ leaseMs, items: [{ leaseToken }] });
  append({ kind: "beaten", jobId, fence, worker, fromMs, atMs: Date.now(), leaseMs, ok: items[0]?.ok === true });
}

async function finish({ jobId, attempt, fence, leaseToken, payload }: Held): Promise<void> {
  const fails = payload.dies === true || attempt <= (payload.failures ?? 0);
  const verb = fails ? "fail" : "complete";
  const fromMs = Date.now();
  const settled = { kind: "settled", jobId, fence, worker, verb, fromMs } as const;
  try {
    const { items } = fails
      ? await nextClient().leases.fail([
          { leaseToken, message: "as it was asked to", retryable: payload.dies !== true },
        ])
      : await nextClient().leases.complete([{ leaseToken, result: { fence, worker } }]);
    const [outcome] = items;
    const status = outcome?.ok === true ? outcome.job.status : null;
    append({ ...settled, atMs: Date.now(), ok: outcome?.ok === true, status });
  } catch {
    append({ ...settled, atMs: Date.now(), ok: null, status: null });
  }
}

async function work(held: Held): Promise<void> {
  const untilMs = Date.now() + (held.payload.runMs ?? 0);
  while (Date.now() < untilMs) {
    await delay(Math.min(leaseMs / 4, untilMs - Date.now()));
    await beat(held).catch(() => {});
  }
  await finish(held);
}

async function loop(): Promise<never> {
  for (;;) {
    try {
      await Promise.all((await claim()).map(work));
    } catch {
      await delay(refusedPauseMs);
    }
  }
}

await Promise.all(Array.from({ length: claimers }, loop));
