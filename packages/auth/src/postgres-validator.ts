import { timingSafeEqual } from "node:crypto";

import type { KeyForCheck, KeyStore } from "@millrace/storage";

import type { Actor } from "./actor.ts";
import type { ApiKeyValidator } from "./api-key-validator.ts";
import { createExpiringCache } from "./expiring-cache.ts";
import { type ParsedKey, keyDigest, parseKey } from "./key-format.ts";
import { createUsageRecorder } from "./usage-recorder.ts";

export interface PostgresValidatorOptions {
  readonly keys: KeyStore;
  /** How long a valid key is remembered: the bound on a revocation that was not heard of. Default 5,000. */
  readonly cacheTtlMs?: number | undefined;
  /** How long an invalid key is remembered. Default 1,000. */
  readonly negativeCacheTtlMs?: number | undefined;
  /** Most keys remembered, valid and invalid ones each. Default 10,000. */
  readonly cacheKeysMax?: number | undefined;
  /** A clock that never goes back; for tests. */
  readonly nowMs?: (() => number) | undefined;
}

interface ValidKey {
  readonly digest: string;
  readonly keyId: string;
  readonly actor: Actor;
}

/** What an unknown key is compared with, so that it takes the same work as a wrong one. */
const nobody = Buffer.alloc(32);

/**
 * Checks keys against the store, with a short memory. A revocation is heard at once where the store can tell of it, and holds after
 * `cacheTtlMs` in any case. While the store can't be asked, what is remembered still counts; everything else is UNAVAILABLE, never invalid.
 */
export async function createPostgresValidator(options: PostgresValidatorOptions): Promise<ApiKeyValidator> {
  const { keys, cacheTtlMs = 5_000, negativeCacheTtlMs = 1_000, cacheKeysMax = 10_000 } = options;
  const nowMs = options.nowMs ?? (() => performance.now());
  const digests = new Map<string, string>();
  const valid = createExpiringCache<ValidKey>(cacheKeysMax, nowMs, ({ keyId }) => digests.delete(keyId));
  // Apart from the valid ones, so that a flood of made-up keys can't push those out.
  const invalid = createExpiringCache<true>(cacheKeysMax, nowMs);
  const lookups = new Map<string, Promise<Actor | undefined>>();
  const usage = createUsageRecorder({ write: (ids) => keys.touchKeys(ids), nowMs });
  /** Counts what was heard: a lookup that began before a revocation was heard of is neither remembered nor joined. */
  let changes = 0;

  const watch = await keys.watchKeys({
    changed(id) {
      changes++;
      lookups.clear();
      const digest = digests.get(id);
      if (digest !== undefined) valid.delete(digest);
    },
    listening() {
      // Whatever happened while nobody listened was missed.
      changes++;
      lookups.clear();
      valid.clear();
    },
  });

  async function lookUp({ start, digest }: ParsedKey): Promise<Actor | undefined> {
    const changesBefore = changes;
    const found = await keys.findKey(start);
    const matches = timingSafeEqual(found === undefined ? nobody : digestOf(found), Buffer.from(digest, "base64"));
    if (found === undefined || !matches || !found.live) {
      invalid.set(digest, true, negativeCacheTtlMs);
      return undefined;
    }
    const actor = actorOf(found);
    if (changes === changesBefore) {
      valid.set(digest, { digest, keyId: found.id, actor }, Math.min(cacheTtlMs, found.expiresInMs ?? cacheTtlMs));
      digests.set(found.id, digest);
    }
    usage.used(found.id);
    return actor;
  }

  return {
    async validate(key) {
      // Remembered keys first: only what isn't remembered need have its form checked.
      const digest = keyDigest(key);
      const known = valid.get(digest);
      if (known !== undefined) {
        usage.used(known.keyId);
        return known.actor;
      }
      const parsed = parseKey(key);
      if (parsed === undefined) return undefined;
      if (invalid.get(digest) === true) return undefined;
      let lookup = lookups.get(digest);
      if (lookup === undefined) {
        const own = lookUp(parsed).finally(() => {
          if (lookups.get(digest) === own) lookups.delete(digest);
        });
        lookup = own;
        lookups.set(digest, own);
      }
      return lookup;
    },
    async close() {
      await Promise.all([watch.close(), usage.close()]);
    },
  };
}

/** A stored digest of another length than SHA-256's would make the comparison throw. */
function digestOf(found: KeyForCheck): Uint8Array {
  return found.hash.length === nobody.length ? found.hash : nobody;
}

function actorOf({ id, tenantId, scopes, queues, tables, expiresAt }: KeyForCheck): Actor {
  return {
    tenantId,
    scopes,
    keyId: id,
    ...(queues === null ? {} : { queues }),
    ...(tables === null ? {} : { tables }),
    ...(expiresAt === null ? {} : { expiresAt }),
  };
}
