import type { JobStore, WorkerReport } from "@millrace/storage";

import { jitter } from "./backoff.ts";
import { type Loop, startLoop } from "./loop.ts";
import type { Outages } from "./outages.ts";

export interface WorkerRegister {
  /** A worker is there, until the answer is called. */
  enter(worker: WorkerReport): () => void;
  stop(): Promise<void>;
}

export interface WorkerRegisterOptions {
  readonly store: Pick<JobStore, "reportWorkers">;
  readonly outages: Outages;
}

/** `why` believes in a worker for a minute. */
const reportIntervalMs = 15_000;
/** A worker that is new is told soon, together with others that come with it. */
const firstReportMs = 200;
/** More workers of one tenant are not remembered between two reports: names are the callers' own, and each is a row for a day. */
const tenantWorkersMax = 500;

interface Entry {
  readonly tenantId: string;
  report: WorkerReport;
  present: number;
}

/** Reports the workers of a process together: those that are there, and those that were since the last report. It writes nothing while there are none. */
export function createWorkerRegister({ store, outages }: WorkerRegisterOptions): WorkerRegister {
  const entries = new Map<string, Entry>();
  const byTenant = new Map<string, number>();
  let loop: Loop | undefined;
  let soon: NodeJS.Timeout | undefined;

  async function report(): Promise<number> {
    await store.reportWorkers([...entries.values()].map((entry) => entry.report));
    outages.recovered("registry");
    for (const [key, { present, tenantId }] of entries) {
      if (present > 0) continue;
      entries.delete(key);
      byTenant.set(tenantId, (byTenant.get(tenantId) ?? 1) - 1);
      if (byTenant.get(tenantId) === 0) byTenant.delete(tenantId);
    }
    return jitter(reportIntervalMs);
  }

  function tellNew(started: Loop): void {
    soon = undefined;
    started.wake();
  }

  return {
    enter(worker) {
      const { tenantId = "" } = worker;
      const key = `${tenantId}/${worker.name}`;
      const known = entries.get(key);
      const entry = known ?? { tenantId, report: worker, present: 0 };
      if (known === undefined) {
        const others = byTenant.get(tenantId) ?? 0;
        if (others >= tenantWorkersMax) return () => undefined;
        byTenant.set(tenantId, others + 1);
      }
      // One that asks for several things in turn, or at once, does them all.
      if (known !== undefined) known.report = together(known.report, worker);
      entry.present++;
      entries.set(key, entry);
      loop ??= startLoop({
        firstDelayMs: reportIntervalMs,
        step: report,
        onError: (error) => outages.failed("registry", error),
      });
      if (known === undefined) soon ??= setTimeout(tellNew, firstReportMs, loop);
      return () => void entry.present--;
    },
    async stop() {
      clearTimeout(soon);
      await loop?.stop();
    },
  };
}

function together(one: WorkerReport, other: WorkerReport): WorkerReport {
  const union = (a: readonly string[] | undefined, b: readonly string[] | undefined) =>
    a === undefined || b === undefined ? undefined : [...new Set([...a, ...b])];
  return { ...one, queues: union(one.queues, other.queues), types: union(one.types, other.types) };
}
