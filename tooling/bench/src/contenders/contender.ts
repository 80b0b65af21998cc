/** What a job carries, about 75 bytes as JSON; the same for every contender. */
export interface Payload {
  /** Its number, by which it is known whether it was done, and how often. */
  readonly i: number;
  readonly to: string;
  readonly template: string;
  readonly locale: string;
  /** When it was enqueued on the clock of `monotonicMs`, where a latency is measured. */
  readonly at?: number | undefined;
}

/** What is measured, as far as a contender's settings depend on it. */
export type Plan = "enqueue" | "bulk" | "drain" | "defaults" | "steady" | "steady-batches" | "pickup";

/** The jobs that are not done, and those that never will be. */
export interface Outcome {
  readonly unfinished: number;
  readonly failed: number;
}

/** The end of a queue where jobs come in. */
export interface Producer {
  /** Resolves when the job is stored as durably as the store is set to. */
  add(payload: Payload): Promise<unknown>;
  addMany(payloads: readonly Payload[]): Promise<unknown>;
  /** As the queue itself has it stored. */
  outcome(): Promise<Outcome>;
  close(): Promise<void>;
}

/** The end of a queue where jobs are done. */
export interface Consumer {
  /** Ends in good order. */
  stop(): Promise<void>;
}

/** A queue under measurement, through its own public API. */
export interface Contender {
  readonly name: string;
  readonly title: string;
  readonly store: "postgres" | "redis";
  readonly plans: readonly Plan[];
  /** Jobs a second that it roughly gets through in a drain, and at its defaults: how many to measure with. */
  readonly pace: { readonly drain: number; readonly defaults: number };
  /** Its settings for the plan, in words. */
  settings(plan: Plan): string;
  /** Makes what it needs in an empty store. */
  install(url: string, plan: Plan): Promise<void>;
  produce(url: string, plan: Plan): Promise<Producer>;
  /** Starts a worker whose handler tells `onJob` and does nothing else. */
  consume(url: string, plan: Plan, onJob: (payload: Payload) => void): Promise<Consumer>;
}

/** The name of the queue and of its type of job, wherever one is needed. */
export const queueName = "mail";

/** Job number `i`. */
export function payloadOf(i: number): Payload {
  return { i, to: `user${i}@example.com`, template: "welcome", locale: "en" };
}

/** Milliseconds on a clock that all processes of a machine have in common. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
