/** Remembers who was here lately and how much of something each has used, so that whoever uses much can make room for whoever uses little. */
export interface RecentUse<Tenant> {
  /** The tenant is here until the answer is called; calling it again does nothing. */
  enter(tenant: Tenant): () => void;
  /** Counts what it has used. */
  add(tenant: Tenant, amount: number): void;
  /** True when another tenant that has used far less lately is here, or was just now. */
  makesRoom(tenant: Tenant): boolean;
  /** From now on the tenant would rest for so long. */
  rest(tenant: Tenant, ms: number): void;
  /** How much longer it has to rest; 0 while nobody who has used far less lately is here. */
  restMs(tenant: Tenant): number;
}

export interface RecentUseOptions {
  /** Who has used less than this makes no room for anybody. */
  readonly muchAmount: number;
  readonly nowMs?: (() => number) | undefined;
}

interface Entry {
  amount: number;
  /** When `amount` was that much. */
  atMs: number;
  here: number;
  leftMs: number;
  restsUntilMs: number;
}

/** What was used so long ago counts half. */
const halfLifeMs = 1_000;
/** So many times less is far less: tenants that use about the same make no room for each other. */
const lighterBy = 4;
/** So long after it has left a tenant is still there: most that send little send again within it. */
const thereMs = 1_000;
/** Who is gone for so long is forgotten, as is nearly all that it used. */
const forgetMs = 5_000;

/** Makes the memory. */
export function createRecentUse<Tenant>({
  muchAmount,
  nowMs = () => performance.now(),
}: RecentUseOptions): RecentUse<Tenant> {
  const entries = new Map<Tenant, Entry>();
  let lookedMs = nowMs();

  function entryOf(tenant: Tenant, now: number): Entry {
    if (now - lookedMs > forgetMs) forget(now);
    let entry = entries.get(tenant);
    if (entry === undefined) {
      entry = { amount: 0, atMs: now, here: 0, leftMs: now, restsUntilMs: 0 };
      entries.set(tenant, entry);
    }
    return entry;
  }

  function forget(now: number): void {
    lookedMs = now;
    for (const [tenant, { here, leftMs, atMs }] of entries) {
      if (here === 0 && now - Math.max(leftMs, atMs) > forgetMs) entries.delete(tenant);
    }
  }

  /** Whether another that has used far less is here, or was within so many milliseconds. */
  function hasLighter(tenant: Tenant, now: number, withinMs = 0): boolean {
    const own = entries.get(tenant);
    const amount = own === undefined ? 0 : amountOf(own, now);
    if (amount < muchAmount) return false;
    for (const other of entries.values()) {
      const isHere = other.here > 0 || now - other.leftMs < withinMs;
      if (isHere && amountOf(other, now) * lighterBy <= amount) return true;
    }
    return false;
  }

  return {
    enter(tenant) {
      const entry = entryOf(tenant, nowMs());
      entry.here++;
      let isHere = true;
      return () => {
        if (!isHere) return;
        isHere = false;
        entry.here--;
        entry.leftMs = nowMs();
      };
    },
    add(tenant, amount) {
      const now = nowMs();
      const entry = entryOf(tenant, now);
      entry.amount = amountOf(entry, now) + amount;
      entry.atMs = now;
    },
    makesRoom: (tenant) => hasLighter(tenant, nowMs(), thereMs),
    rest(tenant, ms) {
      const now = nowMs();
      entryOf(tenant, now).restsUntilMs = now + ms;
    },
    restMs(tenant) {
      const now = nowMs();
      const leftMs = (entries.get(tenant)?.restsUntilMs ?? 0) - now;
      return leftMs > 0 && hasLighter(tenant, now) ? leftMs : 0;
    },
  };
}

function amountOf({ amount, atMs }: Entry, now: number): number {
  return amount * 2 ** ((atMs - now) / halfLifeMs);
}
