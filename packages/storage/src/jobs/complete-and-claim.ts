import { randomUUID } from "node:crypto";

import type { Executor, Statement } from "../executor.ts";
import {
  claimCtes,
  type ClaimHead,
  claimHeadMembers,
  claimParameters,
  type ClaimResult,
  type ClaimRow,
  claimRows,
  readClaim,
  type Turn,
} from "./claim.ts";
import { completeColumns, completeCtes, completeSignals } from "./complete.ts";
import type { ClaimRequest, CompleteItem, LeaseOutcome } from "./job-store.ts";
import { answerRepeats, ownedBatch } from "./lease-outcomes.ts";
import { heed, signalMembers, type SignalListener, type Signals } from "./signals.ts";

/** The completion's parameters are `$1` to `$5`; the claim's stand behind them. */
const behind = (text: string) => text.replaceAll(/\$(\d+)/g, (_, n: string) => `$${Number(n) + 5}`);

/**
 * Finishes some jobs and claims the next in one statement, one commit. The two halves touch different rows: one deletes jobs that its caller owns, the
 * other takes jobs that nobody owns; so each is right for the reasons that it has alone (see complete and claim). Neither half sees the other's
 * changes: room that the completion makes in a queue with a limit is there for the claim after this one.
 */
function statementFor(ofOneTenant: boolean): Statement {
  return {
    name: "jobs.completeAndClaim",
    text: `
with recursive ${behind(claimCtes(ofOneTenant))},
${completeCtes}
${claimRows(`${claimHeadMembers}, ${signalMembers(...completeSignals)}, 'completed', (
  select case when count(*) < cardinality($1::uuid[]) then coalesce(json_agg(json_build_array(d.id, d.claim_id)), '[]') end from done d
)`)}`,
  };
}

export const completeAndClaimStatement = statementFor(false);
export const completeAndClaimOfTenantStatement = statementFor(true);

interface Head extends ClaimHead, Signals {
  /** The jobs that were completed; null when all were. */
  readonly completed: readonly (readonly [id: string, claimId: string])[] | null;
}

export interface CompletedAndClaimed {
  readonly outcomes: readonly LeaseOutcome[];
  readonly claim: ClaimResult;
}

/** Completes jobs whose leases are held, and claims from lanes without limits. */
export async function completeAndClaim(
  db: Executor,
  listener: SignalListener,
  items: readonly CompleteItem[],
  request: ClaimRequest,
  turn: Turn,
): Promise<CompletedAndClaimed> {
  const batch = ownedBatch(items, completeColumns);
  const claimId = randomUUID();
  const rows = await db.query<ClaimRow<Head>>(
    request.tenantId === undefined ? completeAndClaimStatement : completeAndClaimOfTenantStatement,
    [...batch.parameters, ...claimParameters(request, turn, true, claimId)],
  );
  const { head, ...claim } = readClaim(rows, request, claimId);
  heed(listener, head);
  const changed = head.completed?.map(([id, by]) => ({ id, claimId: by, status: "completed" as const }));
  const outcomes = await answerRepeats(db, items, await batch.outcomes(db, changed ?? "completed"));
  return { outcomes, claim };
}
