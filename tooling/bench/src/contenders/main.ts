import { percentile } from "../percentiles.ts";
import { serve } from "../remote.ts";
import { type Consumer, monotonicMs, type Payload, type Plan, type Producer } from "./contender.ts";
import { loadContender } from "./load-contender.ts";
import { createProduction, type Load, type Production } from "./producing.ts";
import { createTally, type Tally } from "./tally.ts";

// One process of a contender. Of each, one stores the jobs and another does them.
let producer: Producer | undefined;
let production: Production | undefined;
let consumer: Consumer | undefined;
let tally: Tally = createTally();
let latencies: number[] = [];
let firstMs = Number.NaN;
let lastMs = Number.NaN;

function onJob({ i, at }: Payload): void {
  lastMs = monotonicMs();
  if (at !== undefined) latencies.push(lastMs - at);
  if (Number.isNaN(firstMs)) firstMs = lastMs;
  tally.add(i);
}

function opened<Part>(part: Part | undefined): Part {
  if (part === undefined) throw new Error("It has not been opened");
  return part;
}

const verbs = {
  async install(contender: string, url: string, plan: Plan) {
    await (await loadContender(contender)).install(url, plan);
  },

  async openProducer(contender: string, url: string, plan: Plan) {
    producer = await (await loadContender(contender)).produce(url, plan);
    production = createProduction(producer);
  },
  fill: (jobs: number, load: Load) => opened(production).fill(jobs, load),
  forSeconds: (seconds: number, load: Load) => opened(production).forSeconds(seconds, load),
  flow: (load: Load, backlogMax: number) => opened(production).flow(load, backlogMax),
  pace: (perSecond: number, load: Load) => opened(production).pace(perSecond, load),
  ping: (jobs: number, gapMs: readonly [number, number]) => opened(production).ping(jobs, gapMs),
  handled: (count: number) => opened(production).handled(count),
  halt: () => opened(production).halt(),
  produced: () => opened(production).produced(),
  outcome: () => opened(producer).outcome(),
  closeProducer: () => opened(producer).close(),

  async openConsumer(contender: string, url: string, plan: Plan) {
    tally = createTally();
    latencies = [];
    firstMs = Number.NaN;
    consumer = await (await loadContender(contender)).consume(url, plan, onJob);
  },
  /** When the first and the last job were handled, once so many were. */
  async reached(handled: number) {
    await tally.reached(handled);
    return { firstMs, lastMs };
  },
  count: () => ({ ...tally.count(), atMs: monotonicMs() }),
  latency: () => ({
    samples: latencies.length,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
  }),
  closeConsumer: () => opened(consumer).stop(),
};

export type ContenderVerbs = typeof verbs;

serve(verbs);
