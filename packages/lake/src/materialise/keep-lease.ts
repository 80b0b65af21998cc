import type { IngestBus, RangeClaim } from "@millrace/bus";

/** A lease that is renewed while somebody works under it. */
export interface KeptLease {
  /** True while less than half of it has passed since a renewal was sent, by this process's own clock: nobody else can have it, and there is time to end. */
  isSafe(): boolean;
  stop(): void;
}

/** So many leases long a claim may be worked on: whoever takes longer hangs, and somebody else has to try. */
const leasesMax = 40;

/** Renews a claim's lease every third of it, for some minutes. `sentAtMs` is when the claim was asked for, by `performance.now()`: the lease can't have begun earlier. */
export function keepLease(bus: IngestBus, claim: RangeClaim, sentAtMs: number): KeptLease {
  let renewedAtMs = sentAtMs;
  let lost = false;

  async function renew(): Promise<void> {
    const askedAtMs = performance.now();
    if (askedAtMs - sentAtMs > claim.leaseMs * leasesMax) return;
    if (await bus.extendLease(claim, claim.leaseMs)) renewedAtMs = askedAtMs;
    else lost = true;
  }

  const timer = setInterval(() => {
    // An unanswered renewal is none: the next one may do better, and the clock runs.
    renew().catch(() => undefined);
  }, claim.leaseMs / 3);
  return {
    isSafe: () => !lost && performance.now() - renewedAtMs < claim.leaseMs / 2,
    stop: () => clearInterval(timer),
  };
}
