import type { EventTable, TableStore } from "@millrace/storage";

export interface TableCacheOptions {
  readonly store: Pick<TableStore, "findTable" | "watchTables">;
  /** How long a table, or that there is none, is believed without a word from the database; default 10,000. */
  readonly ttlMs?: number | undefined;
  /** How many tables are remembered at most; the one that was asked for longest ago goes first. Default 10,000. */
  readonly tablesMax?: number | undefined;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: (() => number) | undefined;
}

/** The tables that ingest has met lately. */
export interface TableCache {
  /** Undefined where the tenant has no table of this name. As long as a table is not changed, it is the same object. */
  find(tenantId: string, name: string): Promise<EventTable | undefined>;
  /** Forgets what is known of a tenant's tables, since one of them was changed. */
  forget(tenantId: string): void;
  close(): Promise<void>;
}

interface Entry {
  readonly readAtMs: number;
  readonly found: Promise<EventTable | undefined>;
}

const ttlMsDefault = 10_000;
const tablesMaxDefault = 10_000;

/**
 * Remembers tables, and names without one, until a notification says that something has changed. Notifications may be lost with their connection: nothing is
 * believed for longer than ten seconds, and everything is forgotten when the connection changes.
 */
export async function createTableCache(options: TableCacheOptions): Promise<TableCache> {
  const { store, ttlMs = ttlMsDefault, tablesMax = tablesMaxDefault, now = () => performance.now() } = options;
  /** In the order of use. */
  const entries = new Map<string, Entry>();
  /** The names of a tenant that have entries. */
  const keysOf = new Map<string, Set<string>>();

  function remove(tenantId: string, key: string): void {
    entries.delete(key);
    const keys = keysOf.get(tenantId);
    keys?.delete(key);
    if (keys?.size === 0) keysOf.delete(tenantId);
  }

  function forget(tenantId: string): void {
    for (const key of keysOf.get(tenantId) ?? []) entries.delete(key);
    keysOf.delete(tenantId);
  }

  function remember(tenantId: string, key: string, entry: Entry): void {
    entries.set(key, entry);
    const keys = keysOf.get(tenantId) ?? new Set();
    keysOf.set(tenantId, keys.add(key));
    const [oldest] = entries.keys();
    if (entries.size > tablesMax && oldest !== undefined) remove(tenantOf(oldest), oldest);
  }

  async function read(tenantId: string, name: string, before: Entry | undefined): Promise<EventTable | undefined> {
    const table = await store.findTable({ tenantId, name });
    const old = await before?.found.catch(() => undefined);
    return table !== undefined && old !== undefined && isSame(table, old) ? old : table;
  }

  const watch = await store.watchTables(forget, () => {
    entries.clear();
    keysOf.clear();
  });

  return {
    find(tenantId, name) {
      const key = `${tenantId}/${name}`;
      const known = entries.get(key);
      if (known !== undefined && now() - known.readAtMs < ttlMs) {
        entries.delete(key);
        entries.set(key, known);
        return known.found;
      }
      if (known !== undefined) remove(tenantId, key);
      // A change that is told while this is read drops the entry: what was read is answered once, and not remembered.
      const entry: Entry = { readAtMs: now(), found: read(tenantId, name, known) };
      remember(tenantId, key, entry);
      entry.found.catch(() => {
        if (entries.get(key) === entry) remove(tenantId, key);
      });
      return entry.found;
    },
    forget,
    close: () => watch.close(),
  };
}

function isSame(a: EventTable, b: EventTable): boolean {
  return a.tableId === b.tableId && a.version === b.version && a.updatedAt.getTime() === b.updatedAt.getTime();
}

/** Tenants' ids hold no slash. */
function tenantOf(key: string): string {
  return key.slice(0, key.indexOf("/"));
}
