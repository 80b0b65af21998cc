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
/** What a row names at most. Of a worker that asks for more in all, it names what it asked for last. */
const queuesMax = 100;
const typesMax = 500;

interface Entry {
  readonly tenantId: string;
  /** What it asks for now, the newest last. */
  readonly present: Set<WorkerReport>;
  /** What it asked for last, if that is over. */
  last: WorkerReport | undefined;
}

/** Reports the workers of a process together: those that are there, and those that were since the last report. It writes nothing while there are none. */
export function createWorkerRegister({ store, outages }: WorkerRegisterOptions): WorkerRegister {
  const entries = new Map<string, Entry>();
  const byTenant = new Map<string, number>();
  let loop: Loop | undefined;
  let soon: NodeJS.Timeout | undefined;

  async function report(): Promise<number> {
    await store.reportWorkers([...entries.values()].flatMap(together));
    outages.recovered("registry");
    for (const [key, { present, tenantId }] of entries) {
      if (present.size > 0) continue;
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
      const entry = known ?? { tenantId, present: new Set(), last: undefined };
      if (known === undefined) {
        const others = byTenant.get(tenantId) ?? 0;
        if (others >= tenantWorkersMax) return () => undefined;
        byTenant.set(tenantId, others + 1);
      }
      const claim = { ...worker };
      entry.present.add(claim);
      entries.set(key, entry);
      loop ??= startLoop({
        firstDelayMs: reportIntervalMs,
        step: report,
        onError: (error) => outages.failed("registry", error),
      });
      if (known === undefined) soon ??= setTimeout(tellNew, firstReportMs, loop);
      return () => {
        entry.present.delete(claim);
        entry.last = claim;
      };
    },
    async stop() {
      clearTimeout(soon);
      await loop?.stop();
    },
  };
}

/** One row for all that a worker asks for at once, and for what it asked for before: one that asks in turn does both. */
function together({ present, last }: Entry): readonly WorkerReport[] {
  const newestFirst = [...present].toReversed();
  if (last !== undefined) newestFirst.push(last);
  const [newest] = newestFirst;
  if (newest === undefined) return [];
  const queues = union(
    newestFirst.map((claim) => claim.queues),
    queuesMax,
  );
  const types = union(
    newestFirst.map((claim) => claim.types),
    typesMax,
  );
  return [{ ...newest, queues, types }];
}

/** The names of all lists up to a bound; undefined, which is every name, where one list is. */
function union(lists: readonly (readonly string[] | undefined)[], namesMax: number): readonly string[] | undefined {
  const names = new Set<string>();
  for (const list of lists) {
    if (list === undefined) return undefined;
    for (const name of list) {
      if (names.size >= namesMax) break;
      names.add(name);
    }
  }
  return [...names];
}
