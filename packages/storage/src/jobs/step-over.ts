import type { Executor } from "../executor.ts";
import { isLocked } from "../pg-error.ts";
import type { LeaseOutcome } from "./job-store.ts";
import type { OwnedItem } from "./lease-outcomes.ts";
import { decodeLeaseToken } from "./lease-token.ts";
import { lockedJobs } from "./locked-jobs.ts";

/** So long after the last lock that was in the way, writes look before they wait for one. */
const carefulMs = 5_000;

export interface StepOver {
  /** Runs an owner's write; items whose rows somebody else holds are answered `busy` instead of holding up the others. */
  write<Item extends OwnedItem>(
    items: readonly Item[],
    write: (items: readonly Item[]) => Promise<readonly LeaseOutcome[]>,
  ): Promise<readonly LeaseOutcome[]>;
  /** True while a lock was in the way a moment ago. */
  isCareful(): boolean;
  /** A lock was in the way of a write of somebody else's. */
  noteLocked(): void;
}

const busy: LeaseOutcome = { ok: false, reason: "busy", status: "running" };

/**
 * A caller's transaction may hold a job for as long as it is open, by enqueuing another behind it. Looking for that costs a statement, so it is done only
 * once a write has run into its lock timeout, and for a while after that.
 */
export function createStepOver(db: Executor): StepOver {
  let carefulUntilMs = Number.NEGATIVE_INFINITY;
  const isCareful = () => performance.now() < carefulUntilMs;
  const noteLocked = () => void (carefulUntilMs = performance.now() + carefulMs);

  async function write<Item extends OwnedItem>(
    items: readonly Item[],
    run: (items: readonly Item[]) => Promise<readonly LeaseOutcome[]>,
  ): Promise<readonly LeaseOutcome[]> {
    if (!isCareful()) {
      try {
        return await run(items);
      } catch (error) {
        if (!isLocked(error)) throw error;
        noteLocked();
      }
    }
    return around(items, run);
  }

  async function around<Item extends OwnedItem>(
    items: readonly Item[],
    run: (items: readonly Item[]) => Promise<readonly LeaseOutcome[]>,
  ): Promise<readonly LeaseOutcome[]> {
    const leases = items.map(({ leaseToken }) => decodeLeaseToken(leaseToken));
    const locked = await lockedJobs(
      db,
      leases.flatMap((lease) => lease ?? []),
    );
    if (locked.size > 0) noteLocked();
    const isFree = leases.map((lease) => lease === undefined || !locked.has(lease.id));
    const free = items.filter((_, index) => isFree[index]);
    const outcomes = (free.length === 0 ? [] : await halving(free, run)).values();
    return isFree.map((isOpen) => (isOpen ? (outcomes.next().value ?? busy) : busy));
  }

  /** What holds up an item can be out of sight, or have come a moment ago: halves go on their own until it is found. */
  async function halving<Item extends OwnedItem>(
    items: readonly Item[],
    run: (items: readonly Item[]) => Promise<readonly LeaseOutcome[]>,
  ): Promise<readonly LeaseOutcome[]> {
    try {
      return await run(items);
    } catch (error) {
      if (!isLocked(error)) throw error;
      noteLocked();
      if (items.length === 1) return [busy];
      const middle = Math.ceil(items.length / 2);
      return [...(await around(items.slice(0, middle), run)), ...(await around(items.slice(middle), run))];
    }
  }

  return { write, isCareful, noteLocked };
}
