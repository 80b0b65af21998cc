import type { KnownVersion, NewestVersion } from "./newest.ts";
import type { PayloadSchemaRef, SchemaInForce } from "./payload-schema-store.ts";

/** What is so old is read again in the background; whoever meets what is older than `staleMs` waits for it to be read. */
const freshMs = 500;
const staleMs = 1_000;
const typesMax = 10_000;
/** Most schemas that are remembered: each may be large, and its compiled form with it. */
const schemasMax = 1_000;

export interface InForceOptions {
  readonly read: (types: readonly KnownVersion[]) => Promise<readonly NewestVersion[]>;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** Remembers which schemas are in force. */
export interface SchemasInForce {
  get(tenantId: string, types: readonly string[]): Promise<ReadonlyMap<string, SchemaInForce>>;
  /** To be called when a version was stored: nobody who asks from now on gets an older one. */
  forget(ref: PayloadSchemaRef): void;
}

interface TypeState {
  readonly key: string;
  readonly ref: PayloadSchemaRef;
  /** When the read began that this comes from. */
  readAtMs: number;
  /** Counts what was forgotten: a read that began before is void. */
  forgotten: number;
  /** The newest version, whether or not it enforces anything. */
  version: number | undefined;
  schema: SchemaInForce | undefined;
}

const none: ReadonlyMap<string, SchemaInForce> = new Map();

/**
 * Makes the memory of schemas in force. Whoever asks a second after a version was stored, by any process, gets that version: what is older than a second is
 * read anew first. A type without a schema costs a look-up in memory, and one of all readers asks the database, at most twice a second.
 */
export function createSchemasInForce({ read, now = () => performance.now() }: InForceOptions): SchemasInForce {
  const states = new Map<string, TypeState>();
  /** Those with a schema; the one used longest ago first. */
  const held = new Set<TypeState>();
  const reading = new Map<TypeState, Promise<void>>();

  function stateOf(tenantId: string, type: string): TypeState {
    const key = `${tenantId}/${type}`;
    let state = states.get(key);
    if (state === undefined) {
      if (states.size >= typesMax) {
        states.clear();
        held.clear();
      }
      const readAtMs = Number.NEGATIVE_INFINITY;
      state = { key, ref: { tenantId, type }, readAtMs, forgotten: 0, version: undefined, schema: undefined };
      states.set(key, state);
    }
    return state;
  }

  /** Reads what is older than `ageMs`, together; resolves when all of it is read. */
  async function refresh(of: readonly TypeState[], ageMs: number): Promise<void> {
    const sinceMs = now() - ageMs;
    for (;;) {
      const old = of.filter(({ readAtMs }) => readAtMs < sinceMs);
      if (old.length === 0) return;
      const unread = old.filter((state) => !reading.has(state));
      if (unread.length > 0) {
        const done = readAll(unread).finally(() => {
          for (const state of unread) reading.delete(state);
        });
        for (const state of unread) reading.set(state, done);
      }
      await Promise.all(old.flatMap((state) => reading.get(state) ?? []));
    }
  }

  async function readAll(unread: readonly TypeState[]): Promise<void> {
    const atMs = now();
    const before = unread.map(({ forgotten }) => forgotten);
    const newest = await read(unread.map(({ ref, version }) => ({ ...ref, known: version })));
    const byKey = new Map(newest.map((each) => [`${each.tenantId}/${each.type}`, each]));
    for (const [index, state] of unread.entries()) {
      if (state.forgotten !== before[index]) continue;
      const found = byKey.get(state.key);
      state.readAtMs = atMs;
      if (found?.version === state.version) continue;
      state.version = found?.version;
      const schema = found?.schema ?? null;
      hold(state, found === undefined || schema === null ? undefined : { version: found.version, schema });
    }
  }

  function hold(state: TypeState, schema: SchemaInForce | undefined): void {
    state.schema = schema;
    held.delete(state);
    if (schema === undefined || !states.has(state.key)) return;
    held.add(state);
    const [oldest] = held;
    if (held.size <= schemasMax || oldest === undefined) return;
    held.delete(oldest);
    states.delete(oldest.key);
  }

  return {
    async get(tenantId, types) {
      const wanted = types.map((type) => stateOf(tenantId, type));
      await refresh(wanted, staleMs);
      // A failure is met by whoever has to wait for it.
      refresh(wanted, freshMs).catch(() => undefined);
      let found: Map<string, SchemaInForce> | undefined;
      for (const state of wanted) {
        if (state.schema === undefined) continue;
        found ??= new Map();
        found.set(state.ref.type, state.schema);
        if (held.delete(state)) held.add(state);
      }
      return found ?? none;
    },
    forget({ tenantId, type }) {
      const state = stateOf(tenantId, type);
      state.forgotten++;
      state.readAtMs = Number.NEGATIVE_INFINITY;
    },
  };
}
