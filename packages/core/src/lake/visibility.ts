import { MillraceError } from "@millrace/contract";
import type { LakeStore, PublishedSnapshot } from "@millrace/storage";
import { inSpan, spanAttributes } from "@millrace/telemetry";

/** Tells when the events of a tenant's log are in a snapshot. One listener and one statement at a time serve all who wait. */
export interface Visibility {
  /**
   * The first snapshot that is seen to hold everything up to the offset; undefined when there is none in time, or the signal fires.
   * @throws UNAVAILABLE where too many wait
   */
  wait(
    tenantNo: number,
    offset: number,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<PublishedSnapshot | undefined>;
  close(): Promise<void>;
}

export interface VisibilityOptions {
  readonly lake: Pick<LakeStore, "newestOf" | "watchSnapshots">;
  /** How often the database is asked although notifications arrive; default 1,000. Without them it is asked four times as often. */
  readonly pollMs?: number;
  /** Default 10,000. */
  readonly waitersMax?: number;
}

interface Waiter {
  readonly offset: number;
  readonly seen: (snapshot: PublishedSnapshot) => void;
}

/** So many tenants are remembered; who is forgotten is asked for. */
const tenantsMax = 10_000;

/** Makes a watch over the watermarks of all tenants; it listens and asks only once somebody waits. */
export function createVisibility({ lake, pollMs = 1_000, waitersMax = 10_000 }: VisibilityOptions): Visibility {
  const newest = new Map<number, PublishedSnapshot>();
  const waiters = new Map<number, Set<Waiter>>();
  let waiting = 0;
  let isConnected = false;
  let isClosed = false;
  let subscription: Promise<{ close(): Promise<void> } | undefined> | undefined;
  let asking: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  /** A watermark only grows, so whatever comes late is passed over. */
  function see(snapshot: PublishedSnapshot): void {
    const { tenantNo } = snapshot;
    if ((newest.get(tenantNo)?.snapshotId ?? -1) >= snapshot.snapshotId) return;
    newest.delete(tenantNo);
    newest.set(tenantNo, snapshot);
    if (newest.size > tenantsMax) newest.delete(newest.keys().next().value ?? tenantNo);
    for (const waiter of waiters.get(tenantNo) ?? []) if (waiter.offset <= snapshot.watermark) waiter.seen(snapshot);
  }

  /** An outage is passed over: whoever waits goes on until the time is over. */
  async function askNow(): Promise<void> {
    try {
      for (const snapshot of await lake.newestOf([...waiters.keys()])) see(snapshot);
    } catch {
      isConnected = false;
    }
    asking = undefined;
    askLater();
  }

  async function lookOnce(tenantNo: number, offset: number): Promise<PublishedSnapshot | undefined> {
    const [snapshot] = await lake.newestOf([tenantNo]);
    if (snapshot === undefined) return undefined;
    see(snapshot);
    return snapshot.watermark >= offset ? snapshot : undefined;
  }

  function askLater(): void {
    clearTimeout(timer);
    if (waiting === 0 || isClosed) return;
    timer = setTimeout(() => void (asking ??= askNow()), isConnected ? pollMs : pollMs / 4);
  }

  function listen(): void {
    subscription ??= lake
      .watchSnapshots(see, (connected) => {
        isConnected = connected;
      })
      .catch(() => undefined);
  }

  async function untilSeen(
    tenantNo: number,
    offset: number,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<PublishedSnapshot | undefined> {
    const { promise, resolve } = Promise.withResolvers<PublishedSnapshot | undefined>();
    const waiter: Waiter = { offset, seen: resolve };
    const give = () => resolve(undefined);
    const deadline = setTimeout(give, timeoutMs);
    signal?.addEventListener("abort", give, { once: true });
    const others = waiters.get(tenantNo) ?? new Set();
    waiters.set(tenantNo, others.add(waiter));
    waiting++;
    listen();
    // What is under way may have been asked before this one waited: then the next one answers, soon.
    if (asking === undefined) asking = askNow();
    else void asking.then(() => (asking ??= askNow()));
    try {
      return await promise;
    } finally {
      clearTimeout(deadline);
      signal?.removeEventListener("abort", give);
      waiting--;
      others.delete(waiter);
      if (others.size === 0) waiters.delete(tenantNo);
      if (waiting === 0) clearTimeout(timer);
    }
  }

  const wait: Visibility["wait"] = async (tenantNo, offset, timeoutMs, signal) => {
    const known = newest.get(tenantNo);
    if (known !== undefined && known.watermark >= offset) return known;
    if (signal?.aborted === true || isClosed) return undefined;
    if (timeoutMs <= 0) return lookOnce(tenantNo, offset);
    if (waiting >= waitersMax) {
      throw new MillraceError("UNAVAILABLE", "Too many requests wait for events to be visible.", {
        retryAfterMs: pollMs,
      });
    }
    return untilSeen(tenantNo, offset, timeoutMs, signal);
  };

  return {
    wait: (tenantNo, offset, timeoutMs, signal) =>
      inSpan("await visibility", { attributes: { [spanAttributes.millraceOffsetLast]: offset } }, async (span) => {
        const seen = await wait(tenantNo, offset, timeoutMs, signal);
        const unseen = signal?.aborted === true || isClosed ? "aborted" : "timeout";
        span.set({
          [spanAttributes.millraceOutcome]: seen === undefined ? unseen : "visible",
          [spanAttributes.millraceSnapshotId]: seen?.snapshotId,
        });
        return seen;
      }),
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await asking;
      await (await subscription)?.close();
    },
  };
}
