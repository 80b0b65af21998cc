import { beforeEach, describe, expect, it } from "vitest";

import { type SchemasInForce, createSchemasInForce } from "./in-force.ts";
import type { KnownVersion } from "./newest.ts";

let nowMs: number;
let stored: Record<string, { version: number; schema: { readonly title: string } | null }>;
let asked: (readonly KnownVersion[])[];
let schemas: SchemasInForce;
/** Stands between the moment that a read looks and its answer. */
let meanwhile: (() => void) | undefined;

beforeEach(() => {
  nowMs = 0;
  stored = { a: { version: 1, schema: { title: "a1" } } };
  asked = [];
  meanwhile = undefined;
  schemas = createSchemasInForce({
    now: () => nowMs,
    async read(types) {
      asked.push(types);
      const found = types.flatMap(({ tenantId, type, known }) => {
        const newest = stored[type];
        if (newest === undefined) return [];
        return [{ tenantId, type, version: newest.version, schema: newest.version === known ? null : newest.schema }];
      });
      await Promise.resolve();
      meanwhile?.();
      return found;
    },
  });
});

const inForce = async (type = "a") => (await schemas.get("acme", [type])).get(type)?.schema["title"];

describe("the memory of schemas in force", () => {
  it("answers the same object as long as the version is the same, so that what was compiled for it serves on", async () => {
    const first = (await schemas.get("acme", ["a"])).get("a");
    nowMs = 1_001;
    expect((await schemas.get("acme", ["a"])).get("a")).toBe(first);
    expect(asked.at(-1)).toEqual([{ tenantId: "acme", type: "a", known: 1 }]);
  });

  it("knows what was stored by anybody a second ago, and asks at most twice a second", async () => {
    expect(await inForce()).toBe("a1");
    stored["a"] = { version: 2, schema: { title: "a2" } };
    nowMs = 400;
    expect(await inForce()).toBe("a1");
    nowMs = 1_001;
    expect(await inForce()).toBe("a2");
    stored["a"] = { version: 3, schema: null };
    nowMs = 2_002;
    expect(await inForce()).toBeUndefined();
    asked = [];
    for (nowMs = 2_100; nowMs < 12_100; nowMs += 10) await inForce();
    expect(asked.length).toBeLessThanOrEqual(21);
  });

  it("takes no read for new that began before a version was stored here", async () => {
    meanwhile = () => {
      meanwhile = undefined;
      stored["a"] = { version: 2, schema: { title: "a2" } };
      schemas.forget({ tenantId: "acme", type: "a" });
    };
    expect(await inForce()).toBe("a2");
  });

  it("takes no read for new that began more than a second ago, however long it takes", async () => {
    meanwhile = () => {
      meanwhile = undefined;
      stored["a"] = { version: 2, schema: { title: "a2" } };
      nowMs = 5_000;
    };
    const early = inForce();
    await Promise.resolve();
    nowMs = 3_000;
    const late = inForce();
    expect(await early).toBe("a1");
    expect(await late).toBe("a2");
  });

  it("reads once for all who ask together, and looks up types without a schema in memory", async () => {
    await Promise.all(Array.from({ length: 50 }, () => schemas.get("acme", ["a", "free"])));
    expect(asked).toHaveLength(1);
    expect(await inForce("free")).toBeUndefined();
    expect(asked).toHaveLength(1);
  });

  it("remembers a bounded number of schemas, and reads the others again", async () => {
    const types = Array.from({ length: 1_001 }, (_, i) => `t${i}`);
    for (const type of types) stored[type] = { version: 1, schema: { title: type } };
    for (const type of types) expect(await inForce(type)).toBe(type);
    asked = [];
    expect(await inForce("t1000")).toBe("t1000");
    expect(asked).toHaveLength(0);
    expect(await inForce("t0")).toBe("t0");
    expect(asked).toHaveLength(1);
  });

  it("says that it can't look when it can't, and asks again", async () => {
    meanwhile = () => {
      meanwhile = undefined;
      throw new Error("away");
    };
    await expect(inForce()).rejects.toThrow("away");
    expect(await inForce()).toBe("a1");
  });

  it("keeps tenants apart", async () => {
    schemas = createSchemasInForce({
      read: async (types) =>
        types
          .filter(({ tenantId }) => tenantId === "acme")
          .map((type) => ({ ...type, version: 1, schema: { title: "acme's" } })),
    });
    expect((await schemas.get("other", ["a"])).size).toBe(0);
    expect(await inForce()).toBe("acme's");
  });
});
