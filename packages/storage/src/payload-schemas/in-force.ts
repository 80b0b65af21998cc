import { createRefreshingMemory, neverRead, type Remembered } from "../refreshing-memory.ts";
import type { KnownVersion, NewestVersion } from "./newest.ts";
import type { PayloadSchemaRef, SchemaInForce } from "./payload-schema-store.ts";

/** Most schemas that are remembered: each may be large, and its compiled form with it. */
const schemasMax = 1_000;

export interface InForceOptions {
  readonly read: (types: readonly KnownVersion[]) => Promise<readonly NewestVersion[]>;
  /** Monotonic milliseconds. */
  readonly now?: (() => number) | undefined;
}

/** Remembers which schemas are in force. */
export interface SchemasInForce {
  get(tenantId: string, types: readonly string[]): Promise<ReadonlyMap<string, SchemaInForce>>;
  /** To be called when a version was stored: nobody who asks from now on gets an older one. */
  forget(ref: PayloadSchemaRef): void;
}

interface TypeState extends Remembered {
  readonly ref: PayloadSchemaRef;
  /** The newest version, whether or not it enforces anything. */
  version: number | undefined;
  schema: SchemaInForce | undefined;
}

const none: ReadonlyMap<string, SchemaInForce> = new Map();

/**
 * Makes the memory of schemas in force. Whoever asks a second after a version was stored, by any process, gets that version: what is older than a second is
 * read anew first. A type without a schema costs a look-up in memory, and one of all readers asks the database, at most twice a second.
 */
export function createSchemasInForce({ read, now }: InForceOptions): SchemasInForce {
  /** Those with a schema; the one used longest ago first. */
  const held = new Set<TypeState>();
  const memory = createRefreshingMemory<TypeState>({ read: readTypes, onClear: () => held.clear(), now });

  function stateOf(tenantId: string, type: string): TypeState {
    const key = `${tenantId}/${type}`;
    return memory.entry(key, () => {
      return { key, ref: { tenantId, type }, readAtMs: neverRead, version: undefined, schema: undefined };
    });
  }

  async function readTypes(unread: readonly TypeState[]): Promise<(state: TypeState) => void> {
    const newest = await read(unread.map(({ ref, version }) => ({ ...ref, known: version })));
    const byKey = new Map(newest.map((each) => [`${each.tenantId}/${each.type}`, each]));
    return (state) => {
      const found = byKey.get(state.key);
      if (found?.version === state.version) return;
      state.version = found?.version;
      const schema = found?.schema ?? null;
      hold(state, found === undefined || schema === null ? undefined : { version: found.version, schema });
    };
  }

  function hold(state: TypeState, schema: SchemaInForce | undefined): void {
    state.schema = schema;
    held.delete(state);
    if (schema === undefined || !memory.has(state.key)) return;
    held.add(state);
    const [oldest] = held;
    if (held.size <= schemasMax || oldest === undefined) return;
    held.delete(oldest);
    memory.drop(oldest.key);
  }

  return {
    async get(tenantId, types) {
      const wanted = types.map((type) => stateOf(tenantId, type));
      await memory.keepFresh(wanted);
      let found: Map<string, SchemaInForce> | undefined;
      for (const state of wanted) {
        if (state.schema === undefined) continue;
        found ??= new Map();
        found.set(state.ref.type, state.schema);
        if (held.delete(state)) held.add(state);
      }
      return found ?? none;
    },
    forget: ({ tenantId, type }) => memory.forget(stateOf(tenantId, type)),
  };
}
