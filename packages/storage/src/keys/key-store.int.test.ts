import { randomBytes, randomUUID } from "node:crypto";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { isMillraceError } from "@millrace/contract";

import { type TestDatabase, testDatabase } from "../testing/test-database.ts";
import type { ApiKey, KeyStore, NewKey } from "./key-store.ts";
import { createPostgresKeyStore } from "./postgres-key-store.ts";

let db: TestDatabase;
let keys: KeyStore;

beforeAll(async () => {
  db = await testDatabase();
  keys = createPostgresKeyStore(db.database);
});
afterAll(() => db.close());

const secret = () => ({ start: `mr_live_${randomBytes(8).toString("hex")}`, hash: randomBytes(32) });

function newKey(more: Partial<NewKey> = {}): NewKey {
  return {
    ...secret(),
    tenantId: "acme",
    name: "test",
    scopes: ["jobs:read"],
    queues: null,
    createdBy: null,
    expiresAt: null,
    ...more,
  };
}

const rotation = (overlapMs: number) => ({ ...secret(), overlapMs, createdBy: null });
const outcomeOf = (answer: Promise<ApiKey>) =>
  answer.then(
    () => "done",
    (error: unknown) => (isMillraceError(error) ? error.code : error),
  );

describe("a key", () => {
  test("is kept as it was given, without its digest in what is shown", async () => {
    const expiresAt = new Date("2100-01-01T00:00:00.000Z");
    const createdBy = randomUUID();
    const given = newKey({
      scopes: ["jobs:read", "*"],
      queues: ["a", 'b"\\,{}'],
      tables: ["clicks"],
      expiresAt,
      createdBy,
    });
    const made = await keys.createKey(given);
    const { hash, ...shown } = given;
    expect(made).toMatchObject({ ...shown, revokedAt: null, lastUsedAt: null, successorId: null });
    expect(made).not.toHaveProperty("hash");
    expect(await keys.getKey(made)).toEqual(made);
    const found = await keys.findKey(given.start);
    expect(found).toMatchObject({
      id: made.id,
      tenantId: "acme",
      live: true,
      queues: given.queues,
      tables: ["clicks"],
      expiresAt,
    });
    expect(Buffer.from(found?.hash ?? []).equals(hash)).toBe(true);
    expect(found?.expiresInMs).toBeGreaterThan(1_000_000);
  });

  test("can't take the name of another", async () => {
    const given = newKey();
    await keys.createKey(given);
    expect(await outcomeOf(keys.createKey(given))).toBe("INTERNAL");
  });

  test("of another tenant is not there, for any use", async () => {
    const { id } = await keys.createKey(newKey());
    const ref = { tenantId: "other", id };
    expect(await outcomeOf(keys.getKey(ref))).toBe("NOT_FOUND");
    expect(await outcomeOf(keys.revokeKey(ref))).toBe("NOT_FOUND");
    expect(await outcomeOf(keys.rotateKey(ref, rotation(0)))).toBe("NOT_FOUND");
    expect((await keys.getKey({ tenantId: "acme", id })).revokedAt).toBeNull();
  });

  test("is live until it expires, by the database's clock", async () => {
    const past = newKey({ expiresAt: new Date(Date.now() - 1_000) });
    await keys.createKey(past);
    expect(await keys.findKey(past.start)).toMatchObject({ live: false });
    expect(await keys.findKey("mr_live_unknown")).toBeUndefined();
  });
});

describe("a revocation", () => {
  test("ends the key for good, and keeps the time of the first", async () => {
    const given = newKey();
    const made = await keys.createKey(given);
    const [first, second] = await Promise.all([keys.revokeKey(made), keys.revokeKey(made)]);
    expect(first.revokedAt).toEqual(second.revokedAt);
    expect(await keys.findKey(given.start)).toMatchObject({ live: false });
  });
});

describe("a rotation", () => {
  test("hands everything on but the secret", async () => {
    const expiresAt = new Date("2100-01-01T00:00:00.000Z");
    const old = await keys.createKey(
      newKey({ name: "n", scopes: ["jobs:write"], queues: ["q"], tables: ["t"], expiresAt }),
    );
    const next = rotation(60_000);
    const successor = await keys.rotateKey(old, next);
    expect(successor).toMatchObject({
      name: "n",
      scopes: ["jobs:write"],
      queues: ["q"],
      tables: ["t"],
      expiresAt,
      start: next.start,
    });
    const after = await keys.getKey(old);
    expect(after).toMatchObject({ successorId: successor.id, revokedAt: null });
    expect(after.expiresAt?.getTime()).toBeLessThan(expiresAt.getTime());
  });

  test("never lengthens the old key's life", async () => {
    const expiresAt = new Date(Date.now() + 60_000);
    const old = await keys.createKey(newKey({ expiresAt }));
    await keys.rotateKey(old, rotation(3_600_000));
    expect((await keys.getKey(old)).expiresAt).toEqual(expiresAt);
  });

  test("happens once, however many ask at once", async () => {
    const old = await keys.createKey(newKey({ tenantId: "once" }));
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, () => outcomeOf(keys.rotateKey(old, rotation(60_000)))),
    );
    expect(outcomes.filter((outcome) => outcome === "done")).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === "INVALID_STATE")).toHaveLength(9);
    expect((await keys.listKeys({ tenantId: "once", limit: 100 })).keys).toHaveLength(2);
  });

  test("is refused for a key that has ended, and says why", async () => {
    const revoked = await keys.createKey(newKey());
    await keys.revokeKey(revoked);
    const expired = await keys.createKey(newKey({ expiresAt: new Date(Date.now() - 1) }));
    await expect(keys.rotateKey(revoked, rotation(0))).rejects.toThrow("The API key is revoked.");
    await expect(keys.rotateKey(expired, rotation(0))).rejects.toThrow("The API key has expired.");
    const rotated = await keys.createKey(newKey());
    const successor = await keys.rotateKey(rotated, rotation(60_000));
    await expect(keys.rotateKey(rotated, rotation(0))).rejects.toThrow(`rotate its successor ${successor.id}`);
  });

  test("ends the key before the old one", async () => {
    const first = await keys.createKey(newKey());
    const second = await keys.rotateKey(first, rotation(60_000));
    await keys.rotateKey(second, rotation(60_000));
    expect((await keys.getKey(first)).revokedAt).toBeInstanceOf(Date);
    expect((await keys.getKey(second)).revokedAt).toBeNull();
  });
});

describe("a list", () => {
  test("pages through each key once, newest first, whatever comes meanwhile", async () => {
    const made: string[] = [];
    for (let i = 0; i < 5; i++) made.push((await keys.createKey(newKey({ tenantId: "pages" }))).id);
    const seen: string[] = [];
    let beforeId: string | undefined;
    do {
      const page = await keys.listKeys({ tenantId: "pages", limit: 2, beforeId });
      seen.push(...page.keys.map(({ id }) => id));
      beforeId = page.nextBeforeId ?? undefined;
      await keys.createKey(newKey({ tenantId: "pages" }));
    } while (beforeId !== undefined);
    expect(seen).toEqual(made.toReversed());
  });
});

describe("the last use", () => {
  test("is written at most once a minute, by however many processes", async () => {
    const made = await keys.createKey(newKey());
    await keys.touchKeys([]);
    await Promise.all(Array.from({ length: 5 }, () => keys.touchKeys([made.id, randomUUID()])));
    const first = (await keys.getKey(made)).lastUsedAt;
    expect(first).toBeInstanceOf(Date);
    await keys.touchKeys([made.id]);
    expect((await keys.getKey(made)).lastUsedAt).toEqual(first);
  });
});

describe("a watcher", () => {
  test("is told of what is revoked or rotated, once it is done", async () => {
    const told: string[] = [];
    const states: boolean[] = [];
    const watch = await keys.watchKeys({ changed: (id) => told.push(id), listening: (heard) => states.push(heard) });
    expect(states).toEqual([true]);
    const first = await keys.createKey(newKey());
    const second = await keys.rotateKey(first, rotation(60_000));
    await keys.rotateKey(second, rotation(60_000));
    await keys.revokeKey(second);
    await expect.poll(() => told).toEqual([first.id, expect.any(String), expect.any(String), second.id]);
    expect(new Set(told.slice(1, 3))).toEqual(new Set([first.id, second.id]));
    await watch.close();
  });
});
