import { randomUUID } from "node:crypto";

import { describe, expect, test } from "vitest";

import type { JobStore } from "../jobs/job-store.ts";
import { createPostgresJobStore } from "../jobs/postgres-job-store.ts";
import { storeOfFile } from "../testing/job-store/store-of-file.ts";

const { test: home, store } = await storeOfFile();

const tenantId = "acme";
const ref = (type: string = randomUUID()) => ({ tenantId, type });
const first = { type: "object", required: ["b", "a"], title: "ü" };

describe("a schema", () => {
  test("comes back as it was stored, the newest or the one that is asked for", async () => {
    const of = ref();
    expect(await store.findPayloadSchema(of)).toBeUndefined();
    const added = await store.addPayloadSchema(of, 1, first);
    expect(added).toEqual({ ...of, version: 1, schema: first, createdAt: expect.any(Date) });
    await store.addPayloadSchema(of, 2, null);
    expect(await store.findPayloadSchema(of)).toMatchObject({ version: 2, schema: null });
    expect(await store.findPayloadSchema(of, 1)).toEqual(added);
    expect(await store.findPayloadSchema(of, 3)).toBeUndefined();
    expect(await store.findPayloadSchema({ ...of, tenantId: "other" })).toBeUndefined();
  });

  test("is stored by one of many who make the same version", async () => {
    const of = ref();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => store.addPayloadSchema(of, 1, { title: String(i) })),
    );
    const won = answers.filter((answer) => answer !== undefined);
    expect(won).toHaveLength(1);
    expect(await store.findPayloadSchema(of)).toEqual(won[0]);
  });
});

describe("the schemas in force", () => {
  test("are the newest ones, those of types that have one", async () => {
    const [one, gone, never] = [ref(), ref(), ref()];
    await store.addPayloadSchema(one, 1, first);
    await store.addPayloadSchema(one, 2, { title: "two" });
    await store.addPayloadSchema(gone, 1, first);
    await store.addPayloadSchema(gone, 2, null);
    const types = [one.type, gone.type, never.type];
    expect(await store.schemasInForce(tenantId, types)).toEqual(
      new Map([[one.type, { version: 2, schema: { title: "two" } }]]),
    );
    expect((await store.schemasInForce("other", types)).size).toBe(0);
  });

  test("are known at once to the store that has changed them, and to every other a second later", async () => {
    const of = ref();
    const other = createPostgresJobStore(home.database);
    const version = async (asked: JobStore) => (await asked.schemasInForce(tenantId, [of.type])).get(of.type)?.version;
    expect([await version(store), await version(other)]).toEqual([undefined, undefined]);
    for (const [number, schema, expected] of [
      [1, first, 1],
      [2, { title: "two" }, 2],
      [3, null, undefined],
    ] as const) {
      await store.addPayloadSchema(of, number, schema);
      expect(await version(store)).toBe(expected);
      await expect.poll(() => version(other)).toBe(expected);
    }
    await other.close();
  });
});

test("a list walks over the types in force, by type, page by page", async () => {
  const own = `tenant-${randomUUID()}`;
  for (const type of ["c", "a", "b", "gone"]) {
    await store.addPayloadSchema({ tenantId: own, type }, 1, first);
    await store.addPayloadSchema({ tenantId: own, type }, 2, type === "gone" ? null : { title: "two" });
  }
  const page = await store.listPayloadSchemas({ tenantId: own, limit: 2 });
  expect(page.schemas.map(({ type, version }) => [type, version])).toEqual([
    ["a", 2],
    ["b", 2],
  ]);
  expect(page.nextAfterType).toBe("b");
  const rest = await store.listPayloadSchemas({ tenantId: own, limit: 2, afterType: "b" });
  expect(rest).toEqual({ schemas: [expect.objectContaining({ type: "c", version: 2 })], nextAfterType: null });
});
