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
/** More workers of one process are not remembered. */
const workersMax = 10_000;

interface Entry {
  report: WorkerReport;
  present: number;
}

/** Reports the workers of a process together: those that are there, and those that were since the last report. It writes nothing while there are none. */
export function createWorkerRegister({ store, outages }: WorkerRegisterOptions): WorkerRegister {
  const entries = new Map<string, Entry>();
  let loop: Loop | undefined;

  async function report(): Promise<number> {
    await store.reportWorkers([...entries.values()].map((entry) => entry.report));
    outages.recovered("registry");
    for (const [key, { present }] of entries) if (present === 0) entries.delete(key);
    return jitter(reportIntervalMs);
  }

  return {
    enter(worker) {
      const key = `${worker.tenantId ?? ""}/${worker.name}`;
      const known = entries.get(key);
      const entry = known ?? { report: worker, present: 0 };
      if (known === undefined && entries.size >= workersMax) return () => undefined;
      // One that asks for several things in turn, or at once, does them all.
      if (known !== undefined) known.report = together(known.report, worker);
      entry.present++;
      entries.set(key, entry);
      if (loop === undefined) {
        loop = startLoop({
          firstDelayMs: firstReportMs,
          step: report,
          onError: (error) => outages.failed("registry", error),
        });
      } else if (known === undefined) {
        loop.wake();
      }
      return () => void entry.present--;
    },
    async stop() {
      await loop?.stop();
    },
  };
}

function together(one: WorkerReport, other: WorkerReport): WorkerReport {
  const union = (a: readonly string[] | undefined, b: readonly string[] | undefined) =>
    a === undefined || b === undefined ? undefined : [...new Set([...a, ...b])];
  return { ...one, queues: union(one.queues, other.queues), types: union(one.types, other.types) };
}
