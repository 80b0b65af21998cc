import type { OldestPending } from "@millrace/storage";

export interface OldestPendingOptions {
  /** What PostgreSQL knows, and whose logs are to be asked for. */
  readonly look: () => Promise<OldestPending>;
  /** When the oldest event of a tenant that waits was ingested; undefined where none waits any more. */
  readonly ask: (tenantNo: number) => Promise<Date | undefined>;
  /** Tenants that are asked for in one call. */
  readonly asksMax?: number | undefined;
}

/**
 * Makes the call that finds the oldest waiting event of all tenants, those in streams by one question after the other. Of each log it knows a time that no waiting
 * event of it can be older than: the answer of the call before, or where it didn't wait then, when that was. Whoever may have the oldest is asked for first, and when
 * nobody is left who may have an older one it is done. @throws what `look` and `ask` throw
 */
export function createOldestPending({
  look,
  ask,
  asksMax = 100,
}: OldestPendingOptions): () => Promise<Date | undefined> {
  let boundsMs = new Map<number, number>();
  let lookedMs = 0;
  return async () => {
    const startMs = Date.now();
    const { oldestAt, elsewhere } = await look();
    const waiting = new Map(elsewhere.map((tenantNo) => [tenantNo, boundsMs.get(tenantNo) ?? lookedMs]));
    boundsMs = waiting;
    lookedMs = startMs;
    let oldest = oldestAt;
    for (const [tenantNo, boundMs] of [...waiting].toSorted(([, a], [, b]) => a - b).slice(0, asksMax)) {
      if (oldest !== undefined && oldest.getTime() <= boundMs) break;
      const at = await ask(tenantNo);
      if (at === undefined) continue;
      waiting.set(tenantNo, at.getTime());
      if (oldest === undefined || at < oldest) oldest = at;
    }
    return oldest;
  };
}
