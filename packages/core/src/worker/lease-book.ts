import { createSweepTimer } from "./sweep-timer.ts";

/** Why a lease ended for its holder. */
export type LeaseEnd = "cancelled" | "leaseLost";

type OnEnd = (why: LeaseEnd) => void;

interface Entry {
  deadlineMs: number;
  onEnd: OnEnd | undefined;
}

/**
 * The leases that this worker holds and hasn't given back, by token, with the moment (of the monotonic clock) until which each surely holds.
 * A lease whose moment passes without a heartbeat is ended here: the database may have given the job to another worker.
 */
export interface LeaseBook {
  /** `onEnd` is called at most once, when the lease ends before it is dropped or settled. */
  hold(token: string, deadlineMs: number, onEnd: OnEnd): void;
  /**
   * From here on only the database's answer to the settlement says whether the lease was held; heartbeats go on.
   * False when the lease has ended already.
   */
  settling(token: string): boolean;
  /** Forgets a lease: its job is settled. */
  drop(token: string): void;
  /** True while the lease surely holds. */
  holds(token: string): boolean;
  extend(token: string, deadlineMs: number): void;
  /** The database says that the lease is gone. */
  end(token: string, why: LeaseEnd): void;
  tokens(): readonly string[];
  close(): void;
}

/** Makes an empty book. */
export function createLeaseBook(now: () => number = () => performance.now()): LeaseBook {
  const entries = new Map<string, Entry>();

  const end = (token: string, entry: Entry, why: LeaseEnd) => {
    const { onEnd } = entry;
    if (onEnd === undefined) return;
    entries.delete(token);
    onEnd(why);
  };

  const timer = createSweepTimer((at) => {
    let earliestMs = Number.POSITIVE_INFINITY;
    for (const [token, entry] of entries) {
      if (entry.deadlineMs <= at) end(token, entry, "leaseLost");
      else if (entry.onEnd !== undefined) earliestMs = Math.min(earliestMs, entry.deadlineMs);
    }
    return earliestMs;
  }, now);

  return {
    hold(token, deadlineMs, onEnd) {
      entries.set(token, { deadlineMs, onEnd });
      timer.wakeBy(deadlineMs);
    },
    settling(token) {
      const entry = entries.get(token);
      if (entry !== undefined) entry.onEnd = undefined;
      return entry !== undefined;
    },
    drop: (token) => void entries.delete(token),
    holds: (token) => (entries.get(token)?.deadlineMs ?? 0) > now(),
    extend(token, deadlineMs) {
      const entry = entries.get(token);
      if (entry !== undefined) entry.deadlineMs = Math.max(entry.deadlineMs, deadlineMs);
    },
    end(token, why) {
      const entry = entries.get(token);
      if (entry !== undefined) end(token, entry, why);
    },
    tokens: () => [...entries.keys()],
    close() {
      timer.stop();
      entries.clear();
    },
  };
}
