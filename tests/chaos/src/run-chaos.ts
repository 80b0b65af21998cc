import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { createClient } from "@millrace/client";
import { type Violation, checkHistory, openHistory, readHistory } from "@millrace/e2e/history";
import type { ProcessHost, RunningProcess } from "@millrace/e2e/processes";

import { inject } from "./faults/inject.ts";
import { type ScheduledFault, planFaults } from "./faults/plan-faults.ts";
import { observe, waitUntilDrained } from "./observe.ts";
import { limitedQueue } from "./testing/fleet/limited-queue.ts";
import { type Fleet, startFleet } from "./testing/fleet/start-fleet.ts";
import { startProducer } from "./testing/fleet/start-producer.ts";

export interface ChaosOptions {
  readonly seed: number;
  /** How long faults happen; start, healing and draining come on top. */
  readonly durationMs: number;
  /** Faults instead of those of the seed. */
  readonly faults?: readonly ScheduledFault[];
  /** Settings of PostgreSQL, to break it. */
  readonly postgres?: Readonly<Record<string, string>>;
  readonly onProgress?: (line: string) => void;
}

export interface ChaosReport {
  readonly seed: number;
  readonly faults: readonly ScheduledFault[];
  readonly acknowledged: number;
  readonly ended: number;
  /** Writes of owners over HTTP that were refused because their lease had gone to another. */
  readonly refused: number;
  readonly violations: readonly Violation[];
  /** What the processes wrote, by name. */
  readonly outputs: ReadonlyMap<string, string>;
}

const leaseMs = 3_000;
/** Of the queue `limited`, and of each concurrency key in it. */
const limits = { limited: 4, perKey: 1 } as const;
const faultEveryMs = 1_200;

/** Runs a fleet under load and faults, heals it, lets it drain, and checks everything that was written down. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { seed, durationMs, postgres, onProgress = () => {} } = options;
  const faults = options.faults ?? planFaults({ seed, durationMs, everyMs: faultEveryMs, leaseMs });
  const folder = await mkdtemp(join(tmpdir(), "millrace-chaos-"));
  const started: RunningProcess[] = [];
  const host: ProcessHost = {
    folder,
    historyFolder: join(folder, "history"),
    keep(one) {
      started.push(one);
      return one;
    },
  };
  await mkdir(host.historyFolder);
  let fleet: Fleet | undefined;
  try {
    onProgress("starting 2 APIs, 2 workers, 2 workers over HTTP and a PostgreSQL");
    fleet = await startFleet(host, { apis: 2, workers: 2, leaseWorkers: 2, leaseMs, ...(postgres && { postgres }) });
    const { apiUrls } = fleet;
    const [apiUrl = ""] = apiUrls;
    const { limited, perKey } = limits;
    const client = createClient({ baseUrl: apiUrl, apiKey: "alpha-key" });
    await client.queues.put(limitedQueue, { concurrency: limited, concurrencyPerKey: perKey });
    const append = openHistory(host.historyFolder, "producer");
    const producer = startProducer({ seed, apiUrls, append });
    await injectAll(fleet, faults, durationMs, onProgress);
    onProgress(`healing; ${producer.acknowledged()} jobs are acknowledged`);
    await fleet.heal();
    await producer.stop();
    await waitUntilDrained(apiUrl);
    const observed = await observe(apiUrl);
    const events = readHistory(host.historyFolder);
    const violations = checkHistory([...events, ...observed.jobs], {
      everyAttemptRuns: false,
    });
    const members = [...fleet.api, ...fleet.worker, ...fleet.leaseWorker];
    return {
      seed,
      faults,
      acknowledged: producer.acknowledged(),
      ended: observed.jobs.filter(({ status }) => status !== "pending" && status !== "running").length,
      refused: events.filter((event) => event.kind === "settled" && event.ok === false).length,
      violations: [...violations, ...observed.violations],
      outputs: new Map(members.map(({ name, output }) => [name, output()])),
    };
  } finally {
    for (const one of started) one.signal("SIGKILL");
    await fleet?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Begins each fault at its time, whatever others are still under way; resolves when the last one is over. */
async function injectAll(
  fleet: Fleet,
  faults: readonly ScheduledFault[],
  durationMs: number,
  onProgress: (line: string) => void,
): Promise<void> {
  const startMs = performance.now();
  const underWay: Promise<void>[] = [];
  const failures: unknown[] = [];
  for (const { atMs, fault } of faults) {
    await delay(Math.max(0, startMs + atMs - performance.now()));
    onProgress(`${(atMs / 1_000).toFixed(1)} s: ${JSON.stringify(fault)}`);
    underWay.push(inject(fleet, fault).catch((error: unknown) => void failures.push(error)));
  }
  await delay(Math.max(0, startMs + durationMs - performance.now()));
  await Promise.all(underWay);
  if (failures.length > 0) throw new AggregateError(failures, "What a fault broke could not be made whole again");
}
