import { isDeepStrictEqual } from "node:util";

import * as fc from "fast-check";

import type { JobStore } from "../../../jobs/job-store.ts";
import { drain } from "./drain.ts";
import { describeUnexplained, explain } from "./explain.ts";
import { observe, observeJob } from "./observe.ts";
import { perform } from "./perform.ts";
import { type NamedPlan, anyPlan, hourMs, modelTenants } from "./plans.ts";
import { type ModelLimits, type ModelState, emptyState } from "./state.ts";
import { stepAdvance } from "./step-upkeep.ts";
import { viewOf } from "./view.ts";

/** A store under test, as several processes would have it, and what only its backend can do. */
export interface ModelSubject {
  /** Stores over the same data, each with connections of its own; concurrent calls go to different ones. */
  readonly stores: readonly JobStore[];
  /** Moves the backend's clock as far as leases and due times are concerned. */
  advance(byMs: number): Promise<void>;
  /** Removes all jobs. */
  clear(): Promise<void>;
}

export interface ModelCheckOptions {
  readonly seed: number;
  /** How many runs; each begins with an empty store. */
  readonly runs: number;
  /** Steps of a run at most. */
  readonly stepsMax: number;
  /** Calls made at the same time in one step at most; 1 compares every answer exactly. */
  readonly concurrencyMax: number;
  /** Limits that the store has been given; with `perKey` jobs get concurrency keys. */
  readonly limits?: ModelLimits;
  /** Whether a failed run is made smaller before it is reported; default true. */
  readonly shrink?: boolean;
  /** Where a failed run is to be replayed from, as it was reported. */
  readonly path?: string;
}

/** What a command changes: the model's belief. */
interface Belief {
  state: ModelState;
}

/** Generous for the runs of one check; a failure is reported by then, as small as it got. */
const reportWithinMs = 60_000;

type Command = fc.AsyncCommand<Belief, ModelSubject>;

/**
 * Runs random commands against a store and a model of it, and compares all that the store shows after each. A run that fails is
 * made smaller before it is reported, with its seed. @throws Error that tells the shortest run found and the broken promise
 */
export async function checkModel(subject: ModelSubject, options: ModelCheckOptions): Promise<void> {
  const { seed, runs, stepsMax, concurrencyMax, limits, shrink = true, path } = options;
  const plans = fc.array(anyPlan({ concurrencyKeys: typeof limits?.perKey === "number" }), {
    minLength: 1,
    maxLength: concurrencyMax,
  });
  const commands = fc.commands(
    [plans.map(together), plans.map(together), plans.map(together), fc.constantFrom(1, 2).map(advance)],
    { maxCommands: stepsMax, size: "max" },
  );
  await fc.assert(
    fc.asyncProperty(commands, async (sequence) => {
      await subject.clear();
      await fc.asyncModelRun(() => ({ model: { state: emptyState(limits) }, real: subject }), sequence);
      await drain(subject);
    }),
    {
      seed,
      numRuns: runs,
      endOnFailure: !shrink,
      // Calls that race fail now and then only, so making such a run smaller may never end.
      plugins: [fc.interruptAfterTimeLimit(reportWithinMs)],
      ...(path === undefined ? {} : { path }),
    },
  );
}

/** Calls at the same time, each through a store of its own. */
function together(plans: readonly NamedPlan[]): Command {
  return {
    check: () => true,
    toString: () => plans.map(({ name }) => name).join(" ‖ "),
    async run(belief, { stores, advance: moveClock }) {
      const operations = plans.flatMap(({ resolve }) => resolve(belief.state) ?? []);
      if (operations.length === 0) return;
      const exchanges = await Promise.all(
        operations.map(async (operation, index) => ({
          operation,
          answer: await perform(stores[index % stores.length]!, operation),
        })),
      );
      const [store] = stores;
      const observed = await observe(store!, modelTenants);
      const next = explain(belief.state, exchanges, observed);
      if (next === undefined) throw new Error(describeUnexplained(belief.state, exchanges, observed));
      belief.state = next;
      if (operations.length > 1 && operations.some(({ kind }) => kind === "rescue")) {
        await moveClock(2 * hourMs);
        belief.state = stepAdvance(next, 2 * hourMs);
      }
      await compareOne(store!, belief.state, exchanges.length);
    },
  };
}

/** Two hours at a time, which ends every lease and brings every delay about. */
function advance(times: number): Command {
  const byMs = times * 2 * hourMs;
  return {
    check: () => true,
    toString: () => `advance ${times * 2} h`,
    async run(belief, subject) {
      await subject.advance(byMs);
      belief.state = stepAdvance(belief.state, byMs);
    },
  };
}

/** One job by itself has to look as it does in the list. */
async function compareOne(store: JobStore, state: ModelState, turn: number): Promise<void> {
  const { jobs } = viewOf(state);
  const expected = jobs[turn % Math.max(1, jobs.length)];
  if (expected === undefined) return;
  const found = await observeJob(store, expected);
  if (!isDeepStrictEqual(found, expected)) {
    throw new Error(`getJob shows ${JSON.stringify(found)}, which is ${JSON.stringify(expected)} in the list`);
  }
}
