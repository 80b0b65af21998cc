import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";

import { type JobStore, createPostgresJobStore } from "@millrace/storage";
import { type TestDatabase, testDatabase } from "@millrace/storage/testing";

import type { Ctx } from "../context.ts";
import { enqueue } from "../jobs/enqueue.ts";
import { defineJob } from "../worker/define-job.ts";
import { deletePayloadSchema } from "./delete.ts";
import { listPayloadSchemas } from "./list.ts";
import { publishSchemas } from "./publish.ts";

let database: TestDatabase;
let store: JobStore;
let ctx: Ctx;

beforeAll(async () => {
  database = await testDatabase();
  store = createPostgresJobStore(database.database);
  ctx = { actor: { tenantId: "acme", scopes: ["*"] }, store };
});
afterAll(async () => {
  await store.close();
  await database.close();
});

const handler = () => null;
const mail = defineJob({ type: "mail", input: z.object({ to: z.email() }), handler });
const sum = defineJob({ type: "sum", input: z.array(z.number()), handler });
const dated = defineJob({ type: "dated", input: z.object({ at: z.date() }), handler });
const looking = defineJob({ type: "looking", input: z.string().regex(/(?=a)/), handler });

test("definitions are published once, and every payload that is enqueued has to fit them from then on", async () => {
  await enqueue(ctx, { type: "sum", payload: "before" });
  const first = await publishSchemas(ctx, [mail, sum]);
  expect(first).toEqual([
    { type: "mail", version: 1, created: true },
    { type: "sum", version: 1, created: true },
  ]);
  expect((await publishSchemas(ctx, [mail, sum])).map(({ created }) => created)).toEqual([false, false]);
  await sum.enqueue(ctx, [1, 2]);
  await expect(enqueue(ctx, { type: "sum", payload: [1, "x"] })).rejects.toMatchObject({
    code: "VALIDATION_FAILED",
    errors: [{ path: "payload.1", code: "type" }],
  });
  await deletePayloadSchema(ctx, { type: "sum" });
  await enqueue(ctx, { type: "sum", payload: [1, "x"] });
});

test("none is published when one can't be said in JSON Schema; each such one is named", async () => {
  const other: Ctx = { actor: { tenantId: "other", scopes: ["*"] }, store };
  await expect(publishSchemas(other, [mail, dated, sum, looking, sum])).rejects.toMatchObject({
    code: "VALIDATION_FAILED",
    errors: [
      { path: "dated", code: "not_json_schema", message: expect.stringContaining("Date") },
      { path: "looking", code: "not_json_schema", message: "Looking ahead is not supported." },
      { path: "sum", code: "repeated" },
    ],
  });
  expect((await listPayloadSchemas(other, {})).schemas).toEqual([]);
});

test("a client is told the same schemas, by type", async () => {
  const told: unknown[] = [];
  const client = {
    schemas: {
      publish: async (type: string, schema: object) => {
        told.push([type, schema]);
        return { type, version: 7, created: true };
      },
    },
  };
  expect(await publishSchemas(client, [sum])).toEqual([{ type: "sum", version: 7, created: true }]);
  expect(told).toEqual([["sum", expect.objectContaining({ type: "array", items: { type: "number" } })]]);
});

test("a schema that this release can't compile any more lets nothing through", async () => {
  await store.addPayloadSchema({ tenantId: "acme", type: "stale" }, 1, { formerly: "known" });
  await expect(enqueue(ctx, { type: "stale" })).rejects.toMatchObject({ code: "INTERNAL" });
});
