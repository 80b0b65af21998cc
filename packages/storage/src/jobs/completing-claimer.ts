import type { Executor } from "../executor.ts";
import { isLocked } from "../pg-error.ts";
import { canBring, type Claimer } from "./claimer.ts";
import { completeAndClaim } from "./complete-and-claim.ts";
import type { Completer } from "./completer.ts";
import type { JobStore, LeaseOutcome } from "./job-store.ts";
import type { SignalListener } from "./signals.ts";
import type { StepOver } from "./step-over.ts";

export interface CompletingClaimerOptions {
  readonly db: Executor;
  readonly listener: SignalListener;
  readonly claimer: Claimer;
  readonly completer: Completer;
  readonly stepOver: StepOver;
}

/** Makes what completes jobs and claims the next: by one statement, or one after the other where that can't be. */
export function createCompletingClaimer(options: CompletingClaimerOptions): JobStore["completeAndClaim"] {
  const { db, listener, claimer, completer, stepOver } = options;

  return async (items, request) => {
    if (items.length === 0) return { outcomes: [], claimed: await claimer(request) };
    // The completions are committed, and must not be told otherwise because the claim failed.
    const apart = async () => ({
      outcomes: await completer.complete(items),
      claimed: await claimer(request).catch(() => []),
    });
    // Locks are in the way: completions look out for them first.
    if (!canBring(request) || stepOver.isCareful()) return apart();
    let outcomes: readonly LeaseOutcome[] | undefined;
    try {
      const claimed = await claimer(request, async (turn) => {
        const both = await completeAndClaim(db, listener, items, request, turn);
        outcomes = both.outcomes;
        return both.claim;
      });
      return { outcomes: outcomes ?? [], claimed };
    } catch (error) {
      if (outcomes !== undefined) return { outcomes, claimed: [] };
      if (!isLocked(error)) throw error;
      stepOver.noteLocked();
      return apart();
    }
  };
}
