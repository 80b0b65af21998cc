import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { keyPattern } from "@millrace/auth";
import type { Scope } from "@millrace/contract";

import { type TestApi, startTestApi } from "../../testing/start-test-api.ts";

let api: TestApi;
let admin: string;

beforeAll(async () => {
  api = await startTestApi({ values: { "auth.cacheTtlMs": 60_000 } });
  ({ key: admin } = await api.makeKey());
});
afterAll(() => api.close());

const ask = (what: string, body?: unknown, key = admin) => api.ask(what, { key, body });
/** Long before a process that has missed the word would look again. */
const soon = { interval: 5, timeout: 20_000 };
const statusWith = async (key: string) => (await api.ask("GET /v1/queues", { key })).status;

async function make(more: { scopes?: Scope[]; queues?: string[]; expiresAt?: string; name?: string } = {}, by = admin) {
  return ask("POST /v1/keys", { name: "made", scopes: ["jobs:read"], ...more }, by);
}

describe("POST /v1/keys", () => {
  test("201: a key that works, shown this once", async () => {
    const reply = await make({ name: " reader ", queues: ["emails"], expiresAt: "2100-01-01T00:00:00Z" });
    expect(reply.status).toBe(201);
    expect(reply.json).toMatchObject({
      key: expect.stringMatching(keyPattern),
      name: "reader",
      scopes: ["jobs:read"],
      queues: ["emails"],
      expiresAt: "2100-01-01T00:00:00.000Z",
      createdBy: expect.any(String),
      revokedAt: null,
    });
    expect(reply.json.key.startsWith(reply.json.start)).toBe(true);
    expect(await statusWith(reply.json.key)).toBe(200);
    const listed = await ask("GET /v1/keys?limit=500");
    expect(listed.text).toContain(reply.json.id);
    expect(listed.text).not.toContain(reply.json.key);
    expect(JSON.stringify(api.logs)).not.toContain(reply.json.key);
  });

  test("201: is kept as a digest only", async () => {
    const { json } = await make();
    const rows = await api.composition.db.query({
      name: "test",
      text: "select k::text as row from millrace.api_keys k",
    });
    expect(JSON.stringify(rows)).toContain(json.start);
    expect(JSON.stringify(rows)).not.toContain(json.key.slice(-38));
  });

  test("403: no key makes one that can do more than itself", async () => {
    const narrow = await api.makeKey({ scopes: ["keys:admin", "jobs:read"] });
    expect((await make({ scopes: ["jobs:read"] }, narrow.key)).status).toBe(201);
    expect((await make({ scopes: ["jobs:read", "jobs:write"] }, narrow.key)).json.code).toBe("FORBIDDEN");
    expect((await make({ scopes: ["*"] }, narrow.key)).status).toBe(403);
    const bound = await api.makeKey({ scopes: ["keys:admin", "jobs:read"], queues: ["a", "b"] });
    expect((await make({ queues: ["a"] }, bound.key)).status).toBe(201);
    expect((await make({ queues: ["a", "c"] }, bound.key)).status).toBe(403);
    expect((await make({}, bound.key)).status).toBe(403);
  });

  test("403: no key that expires makes one that outlives it", async () => {
    const expiresAt = "2100-01-01T00:00:00.000Z";
    const { key: ending } = (await make({ scopes: ["keys:admin", "jobs:read"], expiresAt })).json;
    expect((await make({}, ending)).json.code).toBe("FORBIDDEN");
    expect((await make({ expiresAt: "2100-01-01T00:00:00.001Z" }, ending)).json.code).toBe("FORBIDDEN");
    expect((await make({ expiresAt }, ending)).status).toBe(201);
    expect((await make({ expiresAt: "2099-12-31T23:59:59+00:00" }, ending)).status).toBe(201);
  });

  test.each([
    [{ name: "" }, "name"],
    [{ name: "a\0" }, "name"],
    [{ scopes: [] }, "scopes"],
    [{ scopes: ["everything"] }, "scopes.0"],
    [{ queues: [] }, "queues"],
    [{ queues: ["a b"] }, "queues.0"],
    [{ expiresAt: "2020-01-01T00:00:00Z" }, "expiresAt"],
    [{ expiresAt: "soon" }, "expiresAt"],
    [{ tenantId: "other" }, "tenantId"],
    [{ createdBy: null }, "createdBy"],
  ])("422: %j", async (more, path) => {
    const reply = await ask("POST /v1/keys", { name: "made", scopes: ["jobs:read"], ...more });
    expect([reply.status, reply.json.errors?.[0]?.path]).toEqual([422, path]);
  });
});

describe("DELETE /v1/keys/{id}", () => {
  test("204: the key ends at once, stays listed, and may be revoked again", async () => {
    const { json } = await make();
    expect(await statusWith(json.key)).toBe(200);
    expect((await ask(`DELETE /v1/keys/${json.id}`)).status).toBe(204);
    await expect.poll(() => statusWith(json.key), soon).toBe(401);
    expect((await ask(`DELETE /v1/keys/${json.id}`)).status).toBe(204);
    const { items } = (await ask("GET /v1/keys?limit=500")).json;
    expect(items.find(({ id }) => id === json.id)?.revokedAt).toEqual(expect.any(String));
  });
});

describe("DELETE /v1/keys/{id} by a key with less than all", () => {
  test("403: of a key that can do more, or ends later; that key goes on working", async () => {
    const expiresAt = "2100-01-01T00:00:00Z";
    const { key: narrow } = (await make({ scopes: ["keys:admin", "jobs:read"], queues: ["a"], expiresAt })).json;
    const beyond = [
      { scopes: ["*" as const], queues: ["a"], expiresAt },
      { queues: ["a", "b"], expiresAt },
      { expiresAt },
      { queues: ["a"] },
    ];
    for (const more of beyond) {
      const { json: target } = await make(more);
      expect((await ask(`DELETE /v1/keys/${target.id}`, undefined, narrow)).json.code).toBe("FORBIDDEN");
      expect(await statusWith(target.key)).toBe(200);
    }
  });

  test("204: of a key within its reach, and of itself whatever it is", async () => {
    const { json: narrow } = await make({ scopes: ["keys:admin", "jobs:read"], expiresAt: "2100-01-01T00:00:00Z" });
    const { json: target } = await make({ expiresAt: "2099-01-01T00:00:00Z" });
    expect((await ask(`DELETE /v1/keys/${target.id}`, undefined, narrow.key)).status).toBe(204);
    expect((await ask(`DELETE /v1/keys/${narrow.id.toUpperCase()}`, undefined, narrow.key)).status).toBe(204);
  });
});

describe("POST /v1/keys/{id}/rotate", () => {
  test("201: the successor can do the same, and the old key ends at once", async () => {
    const { json: old } = await make({ name: "rotated", queues: ["q"], expiresAt: "2100-01-01T00:00:00Z" });
    const reply = await ask(`POST /v1/keys/${old.id}/rotate`);
    expect(reply.status).toBe(201);
    expect(reply.json).toMatchObject({ name: "rotated", queues: ["q"], scopes: old.scopes, expiresAt: old.expiresAt });
    expect(reply.json.id).not.toBe(old.id);
    expect(await statusWith(reply.json.key)).toBe(200);
    await expect.poll(() => statusWith(old.key), soon).toBe(401);
  });

  test("201: with an overlap both work until it ends", async () => {
    const { json: old } = await make();
    const { json: successor } = await ask(`POST /v1/keys/${old.id}/rotate`, { overlapMs: 60_000 });
    expect([await statusWith(old.key), await statusWith(successor.key)]).toEqual([200, 200]);
    const { items } = (await ask("GET /v1/keys?limit=500")).json;
    const listed = items.find(({ id }) => id === old.id);
    expect(listed?.successorId).toBe(successor.id);
    expect(Date.parse(listed?.expiresAt ?? "") - Date.now()).toBeLessThanOrEqual(60_000);
  });

  test("201: at most two generations work", async () => {
    const { json: first } = await make();
    const { json: second } = await ask(`POST /v1/keys/${first.id}/rotate`, { overlapMs: 60_000 });
    const { json: third } = await ask(`POST /v1/keys/${second.id}/rotate`, { overlapMs: 60_000 });
    await expect.poll(() => statusWith(first.key), soon).toBe(401);
    expect([await statusWith(second.key), await statusWith(third.key)]).toEqual([200, 200]);
  });

  test("409: a key that was rotated, revoked or has expired; and of two at once one", async () => {
    const { json } = await make();
    const both = await Promise.all([
      ask(`POST /v1/keys/${json.id}/rotate`, { overlapMs: 60_000 }),
      ask(`POST /v1/keys/${json.id}/rotate`, { overlapMs: 60_000 }),
    ]);
    expect(new Set(both.map(({ status }) => status))).toEqual(new Set([201, 409]));
    const { json: revoked } = await make();
    await ask(`DELETE /v1/keys/${revoked.id}`);
    expect((await ask(`POST /v1/keys/${revoked.id}/rotate`)).json).toMatchObject({
      code: "INVALID_STATE",
      detail: "The API key is revoked.",
    });
  });

  test("403: nobody learns the secret of a key that can do more than theirs", async () => {
    const narrow = await api.makeKey({ scopes: ["keys:admin"] });
    const { json: wide } = await make({ scopes: ["*"] });
    expect((await ask(`POST /v1/keys/${wide.id}/rotate`, undefined, narrow.key)).status).toBe(403);
    expect(await statusWith(wide.key)).toBe(200);
  });

  test("403: nor of one that outlives theirs; its own it may rotate", async () => {
    const { json: ending } = await make({ scopes: ["keys:admin", "jobs:read"], expiresAt: "2100-01-01T00:00:00Z" });
    const { json: endless } = await make();
    expect((await ask(`POST /v1/keys/${endless.id}/rotate`, undefined, ending.key)).status).toBe(403);
    const own = await ask(`POST /v1/keys/${ending.id}/rotate`, undefined, ending.key);
    expect([own.status, own.json.expiresAt]).toEqual([201, ending.expiresAt]);
  });

  test.each([{ overlapMs: -1 }, { overlapMs: 1.5 }, { overlapMs: 31 * 24 * 3_600_000 }, { overlap: 1 }, { id: "x" }])(
    "422: %j",
    async (body) => {
      const { json } = await make();
      expect((await ask(`POST /v1/keys/${json.id}/rotate`, body)).status).toBe(422);
      expect(await statusWith(json.key)).toBe(200);
    },
  );
});

describe("GET /v1/keys", () => {
  test("200: newest first, in pages that show each once", async () => {
    const { key } = await api.makeKey({ tenantId: "pages" });
    for (let i = 0; i < 4; i++) await make({}, key);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const { json } = await ask(`GET /v1/keys?limit=2${cursor === null ? "" : `&cursor=${cursor}`}`, undefined, key);
      seen.push(...json.items.map(({ id }) => id));
      cursor = json.nextCursor;
    } while (cursor !== null);
    expect(seen).toHaveLength(5);
    expect(seen).toEqual(seen.toSorted().toReversed());
  });

  test.each(["?limit=0", "?limit=501", "?limit=1e2", "?cursor=x", "?name=a"])("422: %s", async (query) => {
    expect((await ask(`GET /v1/keys${query}`)).status).toBe(422);
  });
});

describe("static keys", () => {
  test("work as given, beside those of the database", async () => {
    const dev = await startTestApi({ values: { "auth.mode": "static", "auth.staticKeys": "just-local:acme" } });
    const made = await dev.ask("POST /v1/keys", { key: "just-local", body: { name: "a", scopes: ["jobs:read"] } });
    expect(made.status).toBe(201);
    expect(made.json.createdBy).toBeNull();
    expect((await dev.ask("GET /v1/queues", { key: made.json.key })).status).toBe(200);
    expect((await dev.ask("GET /v1/queues", { key: "just-remote" })).status).toBe(401);
    await dev.close();
  });
});
