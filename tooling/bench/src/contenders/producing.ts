import { setTimeout as delay } from "node:timers/promises";

import { percentile } from "../percentiles.ts";
import { monotonicMs, type Payload, payloadOf, type Producer } from "./contender.ts";

/** How many jobs went in, how long it took and how long a call took. */
export interface Produced {
  readonly jobs: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** How to produce: `batch` jobs a call (1 for a call that takes one), `callers` calls at a time. */
export interface Load {
  readonly batch: number;
  readonly callers: number;
}

/** Numbers jobs and stores them, as often as it is told. */
export interface Production {
  /** Stores exactly so many. */
  fill(jobs: number, load: Load): Promise<Produced>;
  /** Stores as many as fit into the time. */
  forSeconds(seconds: number, load: Load): Promise<Produced>;
  /** Stores until `halt`, never more than `backlogMax` ahead of what `handled` was last told. */
  flow(load: Load, backlogMax: number): Promise<Produced>;
  /** Stores `perSecond` until `halt`; what it can't keep up with, it makes up for later. */
  pace(perSecond: number, load: Load): Promise<Produced>;
  /** Stores one after the other, each when nothing else is going on. */
  ping(jobs: number, gapMs: readonly [number, number]): Promise<void>;
  handled(count: number): void;
  halt(): void;
  produced(): number;
}

const backlogPollMs = 1;

/** A production into one producer. */
export function createProduction(producer: Producer): Production {
  let next = 0;
  let done = 0;
  let handled = 0;
  let halted = false;

  async function store(batch: number): Promise<void> {
    const first = next;
    next += batch;
    if (batch === 1) await producer.add(payloadOf(first));
    else await producer.addMany(Array.from({ length: batch }, (_, at) => payloadOf(first + at)));
    done += batch;
  }

  /** Every caller makes calls as long as `mayGo` gives it a number of jobs. */
  async function run(load: Load, mayGo: () => number | Promise<number>): Promise<Produced> {
    const from = done;
    const startMs = performance.now();
    const latencies: number[] = [];
    const caller = async () => {
      for (let batch = await mayGo(); batch > 0; batch = await mayGo()) {
        const calledMs = performance.now();
        await store(batch);
        latencies.push(performance.now() - calledMs);
      }
    };
    await Promise.all(Array.from({ length: load.callers }, caller));
    const seconds = (performance.now() - startMs) / 1_000;
    return { jobs: done - from, seconds, p50Ms: percentile(latencies, 0.5), p99Ms: percentile(latencies, 0.99) };
  }

  return {
    fill(jobs, load) {
      let left = jobs;
      return run(load, () => {
        const batch = Math.min(load.batch, left);
        left -= batch;
        return batch;
      });
    },
    forSeconds(seconds, load) {
      const endMs = performance.now() + seconds * 1_000;
      return run(load, () => (performance.now() < endMs ? load.batch : 0));
    },
    flow(load, backlogMax) {
      halted = false;
      return run(load, async () => {
        while (!halted && next - handled >= backlogMax) await delay(backlogPollMs);
        return halted ? 0 : load.batch;
      });
    },
    pace(perSecond, load) {
      halted = false;
      const from = next;
      const startMs = performance.now();
      return run(load, async () => {
        const due = () => startMs + ((next - from) / perSecond) * 1_000;
        while (!halted && performance.now() < due()) await delay(Math.max(1, due() - performance.now()));
        return halted ? 0 : load.batch;
      });
    },
    async ping(jobs, [leastMs, mostMs]) {
      for (let count = 0; count < jobs; count++) {
        const payload: Payload = { ...payloadOf(next++), at: monotonicMs() };
        await producer.add(payload);
        done++;
        await delay(leastMs + Math.random() * (mostMs - leastMs));
      }
    },
    handled(count) {
      handled = count;
    },
    halt() {
      halted = true;
    },
    produced: () => done,
  };
}
