import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";

import { expect, it } from "vitest";

import { createPostgresJobStore } from "@millrace/storage";
import { openCallerClient, testDatabase } from "@millrace/storage/testing";

import type { Ctx } from "../context.ts";
import { enqueue } from "./enqueue.ts";

const page = readFileSync(new URL("../../../../docs/concepts/transactions.md", import.meta.url), "utf8");

/** The page's example as it is printed, with what it says that it uses. */
async function placeOrderOf(uses: {
  sql: ReturnType<typeof openCallerClient>;
  ctx: Ctx;
  enqueue: typeof enqueue;
}): Promise<(order: { id: string; email: string }) => Promise<void>> {
  const example = /```ts\n(?<code>async function placeOrder[^`]*`[^`]*`[^`]*)```/.exec(page)?.groups?.["code"];
  if (example === undefined) throw new Error("the page has lost its example");
  const code = `export default ({ sql, ctx, enqueue }) => { ${stripTypeScriptTypes(example)} return placeOrder; };`;
  const module = (await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(code)}`)) as {
    default: (given: typeof uses) => (order: { id: string; email: string }) => Promise<void>;
  };
  return module.default(uses);
}

it("the documented example makes order and job together, or neither", async () => {
  await using test = await testDatabase();
  const store = createPostgresJobStore(test.database);
  const sql = openCallerClient(test.url);
  await sql`create table orders (id text primary key, email text not null)`;
  const ctx: Ctx = { actor: { tenantId: "acme", scopes: ["jobs:write"] }, store };
  const placeOrder = await placeOrderOf({ sql, ctx, enqueue });

  await placeOrder({ id: "o-1", email: "a@example.com" });
  const broken: typeof enqueue = async (...args) => {
    await enqueue(...args);
    throw new Error("the shop burnt down");
  };
  const unlucky = await placeOrderOf({ sql, ctx, enqueue: broken });
  await expect(unlucky({ id: "o-2", email: "b@example.com" })).rejects.toThrow("burnt down");
  await expect(placeOrder({ id: "o-1", email: "again@example.com" })).rejects.toThrow("duplicate key");

  const { jobs } = await store.listJobs({ tenantId: "acme", limit: 10 });
  expect(jobs.map(({ type, payload }) => [type, payload])).toEqual([["order.confirm", { orderId: "o-1" }]]);
  expect([...(await sql`select id from orders`)]).toEqual([{ id: "o-1" }]);
  await sql.end();
  await store.close();
});
