import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type Scope, isMillraceError } from "@millrace/contract";
import { type KeyStore, createDatabase, createPostgresKeyStore } from "@millrace/storage";
import { patient, type TestDatabase, startTcpProxy, testDatabase } from "@millrace/storage/testing";

import { mintKey } from "./key-format.ts";
import { type PostgresValidatorOptions, createPostgresValidator } from "./postgres-validator.ts";
import { describeApiKeyValidator } from "./testing/describe-api-key-validator.ts";

let db: TestDatabase;
let keys: KeyStore;

beforeAll(async () => {
  db = await testDatabase();
  keys = createPostgresKeyStore(db.database);
});
afterAll(() => db.close());

async function makeKey(more: { queues?: readonly string[]; scopes?: readonly Scope[]; expiresAt?: Date } = {}) {
  const minted = mintKey("live");
  const stored = await keys.createKey({
    ...minted,
    tenantId: "acme",
    name: "test",
    scopes: more.scopes ?? ["jobs:read"],
    queues: more.queues ?? null,
    createdBy: null,
    expiresAt: more.expiresAt ?? null,
  });
  return { ...stored, key: minted.key };
}

/** A validator whose lookups are counted, and can be held up. */
async function open(options: Partial<PostgresValidatorOptions> = {}) {
  const clock = { ms: 0 };
  const found: string[] = [];
  let gate: Promise<void> = Promise.resolve();
  const validator = await createPostgresValidator({
    keys: {
      ...keys,
      findKey: async (start) => {
        found.push(start);
        const row = await keys.findKey(start);
        await gate;
        return row;
      },
    },
    nowMs: () => clock.ms,
    ...options,
  });
  return {
    clock,
    found,
    validator,
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    [Symbol.asyncDispose]: () => validator.close(),
  };
}

/** Resolves once the notification about this key has been heard by everybody who listens now. */
async function heard(id: string, act: () => Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const watch = await keys.watchKeys({ changed: (changed) => changed === id && resolve(), listening: () => {} });
  await act();
  await promise;
  await watch.close();
}

describeApiKeyValidator("the PostgreSQL validator", async () => {
  const live = await makeKey({ queues: ["emails"], scopes: ["jobs:read", "jobs:write"] });
  const revoked = await makeKey();
  await keys.revokeKey(revoked);
  const expired = await makeKey({ expiresAt: new Date(Date.now() - 1) });
  return {
    validator: await createPostgresValidator({ keys }),
    valid: {
      key: live.key,
      actor: { tenantId: "acme", scopes: ["jobs:read", "jobs:write"], queues: ["emails"], keyId: live.id },
    },
    ended: [revoked.key, expired.key],
  };
});

describe("the PostgreSQL validator", () => {
  test("asks the database nothing about a key whose checksum is wrong", async () => {
    await using under = await open();
    const { key } = await makeKey();
    const mistyped = key.slice(0, -1) + (key.endsWith("0") ? "1" : "0");
    expect(await under.validator.validate(mistyped)).toBeUndefined();
    expect(under.found).toEqual([]);
  });

  test("refuses the right name with a wrong secret", async () => {
    const made = await makeKey();
    const stored = await keys.findKey(made.start);
    const other = mintKey("live");
    const impostor = await createPostgresValidator({ keys: { ...keys, findKey: async () => stored } });
    expect(await impostor.validate(made.key)).toBeDefined();
    expect(await impostor.validate(other.key)).toBeUndefined();
    await impostor.close();
  });

  test("asks once for many requests at a time, and then not again until the memory ends", async () => {
    await using under = await open();
    const { key } = await makeKey();
    await Promise.all(Array.from({ length: 50 }, () => under.validator.validate(key)));
    under.clock.ms = 4_999;
    await under.validator.validate(key);
    expect(under.found).toHaveLength(1);
    under.clock.ms = 5_000;
    await under.validator.validate(key);
    expect(under.found).toHaveLength(2);
  });

  test("remembers an unknown key for a second", async () => {
    await using under = await open();
    const { key } = mintKey("live");
    await under.validator.validate(key);
    under.clock.ms = 999;
    await under.validator.validate(key);
    expect(under.found).toHaveLength(1);
    under.clock.ms = 1_000;
    await under.validator.validate(key);
    expect(under.found).toHaveLength(2);
  });

  test("is not made to forget valid keys by a flood of unknown ones", async () => {
    await using under = await open({ cacheKeysMax: 5 });
    const { key } = await makeKey();
    await under.validator.validate(key);
    await Promise.all(Array.from({ length: 20 }, () => under.validator.validate(mintKey("live").key)));
    const before = under.found.length;
    expect(await under.validator.validate(key)).toBeDefined();
    expect(under.found).toHaveLength(before);
  });

  test("hears of a revocation at once", async () => {
    await using under = await open();
    const made = await makeKey();
    expect(await under.validator.validate(made.key)).toBeDefined();
    await heard(made.id, () => keys.revokeKey(made));
    expect(await under.validator.validate(made.key)).toBeUndefined();
  });

  test("hears of a rotation at once, and of the end of the key before that", async () => {
    await using under = await open();
    const first = await makeKey();
    const rotated = mintKey("live");
    const second = await keys.rotateKey(first, { ...rotated, overlapMs: 60_000, createdBy: null });
    expect(await under.validator.validate(first.key)).toBeDefined();
    expect(await under.validator.validate(rotated.key)).toMatchObject({ keyId: second.id });
    await heard(first.id, () => keys.rotateKey(second, { ...mintKey("live"), overlapMs: 60_000, createdBy: null }));
    expect(await under.validator.validate(first.key)).toBeUndefined();
    expect(await under.validator.validate(rotated.key)).toBeDefined();
  });

  test("forgets a revoked key after the memory's time even when nobody tells", async () => {
    await using under = await open({
      keys: { ...keys, watchKeys: async () => ({ close: async () => {} }) },
    });
    const made = await makeKey();
    expect(await under.validator.validate(made.key)).toBeDefined();
    await keys.revokeKey(made);
    under.clock.ms = 5_000;
    expect(await under.validator.validate(made.key)).toBeUndefined();
  });

  test("does not remember a key that was revoked while it was being looked up", async () => {
    await using under = await open();
    const made = await makeKey();
    const go = under.hold();
    const lookup = under.validator.validate(made.key);
    await expect.poll(() => under.found.length).toBe(1);
    await heard(made.id, () => keys.revokeKey(made));
    const after = under.validator.validate(made.key);
    go();
    await lookup;
    expect(await after).toBeUndefined();
    expect(await under.validator.validate(made.key)).toBeUndefined();
  });

  test("never remembers a key beyond its expiry", async () => {
    await using under = await open();
    const made = await makeKey({ expiresAt: new Date(Date.now() + 3_000) });
    await under.validator.validate(made.key);
    under.clock.ms = 3_000;
    await under.validator.validate(made.key);
    expect(under.found).toHaveLength(2);
  });

  test("serves what it remembers while the database is down, and calls everything else unavailable, never invalid", async () => {
    const proxy = await startTcpProxy({ port: Number(new URL(db.url).port) });
    const database = createDatabase({ ...patient, url: proxy.through(db.url) });
    const clock = { ms: 0 };
    // Nobody listens here: a lost connection would make the validator forget.
    const behind = { ...createPostgresKeyStore(database), watchKeys: async () => ({ close: async () => {} }) };
    const validator = await createPostgresValidator({ keys: behind, nowMs: () => clock.ms });
    const known = await makeKey();
    const unknown = await makeKey();
    try {
      expect(await validator.validate(known.key)).toBeDefined();
      await proxy.close();
      expect(await validator.validate(known.key)).toBeDefined();
      await expect(validator.validate(unknown.key)).rejects.toSatisfy((error) => isMillraceError(error, "UNAVAILABLE"));
      clock.ms = 5_000;
      await expect(validator.validate(known.key)).rejects.toSatisfy((error) => isMillraceError(error, "UNAVAILABLE"));
    } finally {
      await validator.close();
      await database.close({ graceMs: 0 });
    }
  });

  test("notes the last use of a key without being asked to wait for it", async () => {
    const made = await makeKey();
    const held = Promise.withResolvers<void>();
    const under = await open({ keys: { ...keys, touchKeys: (ids) => held.promise.then(() => keys.touchKeys(ids)) } });
    await under.validator.validate(made.key);
    expect((await keys.getKey(made)).lastUsedAt).toBeNull();
    held.resolve();
    await under.validator.close();
    expect((await keys.getKey(made)).lastUsedAt).toBeInstanceOf(Date);
  });
});
