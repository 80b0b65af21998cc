import type { Executor } from "../executor.ts";
import { claimLimited } from "./claim-limited.ts";
import { claim, type ClaimResult, type LaneShare, type Turn } from "./claim.ts";
import type { ClaimedJob, ClaimRequest } from "./job-store.ts";

/** How many groups of lanes one claim looks at when the first ones have nothing for it; the next claim goes on from there. */
const roundsMax = 8;

/** How soon to ask again for a lane that another claimer had locked, or for lanes behind those that one claim looks at. */
const busyMs = 10;

/** How many tenants' turns a process remembers. */
const turnsMax = 10_000;

/** Claims; `claimFirst` runs the first statement of the claim, if that is to do something else besides. */
export type Claimer = (
  request: ClaimRequest,
  claimFirst?: (turn: Turn) => Promise<ClaimResult>,
) => Promise<readonly ClaimedJob[]>;

/** Makes the claims of a process: from lanes without limits by one statement, from those with limits by another where there are any; in turns over all. */
export function createClaimer(db: Executor): Claimer {
  const turns = new Map<string, Turn & { readonly ends: number }>();

  function take(scope: string) {
    const turn = turns.get(scope) ?? { number: 0, ends: 0 };
    if (turns.size > turnsMax) turns.clear();
    return turn;
  }

  /** From the lanes with limits, best first; each claims its share, or one job where it has none, as long as there is room. */
  async function claimShares(lanes: readonly LaneShare[], request: ClaimRequest, claimed: ClaimedJob[]) {
    let retryInMs = Number.POSITIVE_INFINITY;
    for (let open = lanes; open.length > 0 && claimed.length < request.limit;) {
      const taking = shareOut(open, request.limit - claimed.length);
      open = open.slice(taking.length);
      const limited = await claimLimited(db, taking, request);
      claimed.push(...limited.claimed);
      if (limited.retryInMs !== undefined) retryInMs = Math.min(retryInMs, Math.max(limited.retryInMs, busyMs));
    }
    return retryInMs;
  }

  /** Goes round over the lanes until something is claimed; adds it to `claimed` as soon as it is. */
  async function goRound(
    request: ClaimRequest,
    claimFirst: (turn: Turn) => Promise<ClaimResult>,
    claimed: ClaimedJob[],
    retryIn: (ms: number) => void,
  ): Promise<void> {
    const scope = [request.tenantId, ...(request.queues ?? [])].join("/");
    for (let round = 0; round <= roundsMax; round++) {
      const turn = take(scope);
      const {
        claimed: free,
        limited,
        retryInMs: tokenInMs,
        next,
      } = await (round === 0 ? claimFirst(turn) : claim(db, request, turn, true));
      claimed.push(...free);
      const ends = turn.ends + (next === undefined ? 1 : 0);
      turns.set(scope, { number: (turn.number + 1) % 1_000_000_000, after: next, ends });
      if (tokenInMs !== undefined) retryIn(tokenInMs);
      retryIn(await claimShares(limited, request, claimed));
      if (claimed.length === 0 && limited.length > 0) {
        // Those with limits had nothing after all, and the others had left them their shares.
        claimed.push(...(await claim(db, request, turn, false)).claimed);
      }
      const isRoundComplete = next === undefined && turn.after === undefined;
      // Past the last lane twice: each has been looked at since the claim that began this, however many claims that took.
      if (claimed.length > 0 || isRoundComplete || ends >= 2) {
        turns.set(scope, { number: (turn.number + 1) % 1_000_000_000, after: next, ends: 0 });
        return;
      }
    }
    // There are lanes that this claim has not seen: who asks again goes on there.
    retryIn(busyMs);
  }

  return async (request, claimFirst = (turn) => claim(db, request, turn, true)) => {
    if (!canBring(request)) return [];
    const claimed: ClaimedJob[] = [];
    let retryInMs = Number.POSITIVE_INFINITY;
    try {
      await goRound(request, claimFirst, claimed, (ms) => void (retryInMs = Math.min(retryInMs, ms)));
    } catch (error) {
      // What is claimed is committed: thrown away, it would cost its jobs an attempt and wait for its leases to run out.
      if (claimed.length === 0) throw error;
    }
    if (retryInMs < Number.POSITIVE_INFINITY) request.onRetryIn?.(Math.ceil(retryInMs));
    return claimed.toSorted(byClaimOrder);
  };
}

/** False for a claim that can bring nothing whatever there is. */
export function canBring({ limit, queues, types }: ClaimRequest): boolean {
  return limit >= 1 && queues?.length !== 0 && types?.length !== 0;
}

/** The first lanes, each with its share, or with one job where it has none, until `room` is given away. */
function shareOut(lanes: readonly LaneShare[], room: number): readonly LaneShare[] {
  const taking: LaneShare[] = [];
  let left = room;
  for (const [tenantId, queue, share] of lanes) {
    if (left === 0) break;
    const most = Math.min(left, Math.max(1, share));
    taking.push([tenantId, queue, most]);
    left -= most;
  }
  return taking;
}

function byClaimOrder({ job: a }: ClaimedJob, { job: b }: ClaimedJob): number {
  return b.priority - a.priority || a.scheduledAt.getTime() - b.scheduledAt.getTime() || (a.id < b.id ? -1 : 1);
}
