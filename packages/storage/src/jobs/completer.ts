import { isMillraceError } from "@millrace/contract";

import type { Executor } from "../executor.ts";
import { createCoalescer, type Outcome, settleEach } from "./coalesce.ts";
import { complete } from "./complete.ts";
import type { CompleteItem, LeaseOutcome } from "./job-store.ts";
import { createStepOver, type StepOver } from "./step-over.ts";

type Items = readonly CompleteItem[];
type Outcomes = readonly LeaseOutcome[];

export interface Completer {
  complete(items: Items): Promise<Outcomes>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

/** Whole batches share a statement: over HTTP they come from many workers at once, each with a few jobs. A lone one waits for nobody. */
export function createCompleter(db: Executor, stepOver: StepOver = createStepOver(db)): Completer {
  const coalescer = createCoalescer<Items, Outcomes>({
    fly,
    bytesOf: (items) => items.reduce((sum, { result }) => sum + (result?.length ?? 0) + bytesOfToken, 0),
    flightsMax: 2,
    itemsMax: 100,
    bytesMax: 1024 * 1024,
    // Bounded by whoever asks: a worker by what it has claimed, a server by the requests that it lets in.
    waitingMax: Number.POSITIVE_INFINITY,
    refuse: () => new Error("not reached: any number may wait"),
  });

  const write = (items: Items) => stepOver.write(items, (open) => complete(db, open));

  async function fly(batches: readonly Items[]): Promise<readonly Outcome<Outcomes>[]> {
    try {
      const outcomes = await write(batches.flat());
      let at = 0;
      return batches.map(({ length }) => ({ ok: true, value: outcomes.slice(at, (at += length)) }));
    } catch (error) {
      // What the database refuses in one batch must not fail the others; an outage is everybody's.
      if (batches.length === 1 || isMillraceError(error, "UNAVAILABLE")) throw error;
      return settleEach(batches, write);
    }
  }

  return { complete: (items) => coalescer.add(items), idle: () => coalescer.idle() };
}

/** A token and its share of the parameters, about. */
const bytesOfToken = 200;
