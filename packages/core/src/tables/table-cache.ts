import type { EventTable, TableStore } from "@millrace/storage";

import { compileRecordValidator, type RecordValidator } from "./records/record-validator.ts";

/** A table with the check of its records. */
export interface TableTarget {
  readonly table: EventTable;
  readonly validator: RecordValidator;
}

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
  /** Undefined where the tenant has no table of this name. */
  find(tenantId: string, name: string): Promise<TableTarget | undefined>;
  /** Forgets what is known of a tenant's tables, since one of them was changed. */
  forget(tenantId: string): void;
  close(): Promise<void>;
}

interface Entry {
  readonly readAtMs: number;
  readonly found: Promise<TableTarget | undefined>;
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

  async function read(tenantId: string, name: string): Promise<TableTarget | undefined> {
    const table = await store.findTable({ tenantId, name });
    return table === undefined ? undefined : { table, validator: compileRecordValidator(table) };
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
      const entry: Entry = { readAtMs: now(), found: read(tenantId, name) };
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

/** Tenants' ids hold no slash. */
function tenantOf(key: string): string {
  return key.slice(0, key.indexOf("/"));
}
