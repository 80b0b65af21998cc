import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { makeTable } from "../../testing/make-table.ts";
import { startTestApi, type TestApi, type TestKey } from "../../testing/start-test-api.ts";

let api: TestApi;
let own: TestKey;
beforeAll(async () => {
  api = await startTestApi();
  own = await api.makeKey({ scopes: ["ops:admin"] });
  await makeTable(api, { tenantId: own.tenantId, name: "clicks", columns: { a: "varchar" } });
});
afterAll(() => api.close());

const ask = (kind: string, body?: unknown, { key }: { readonly key?: string } = own) =>
  api.ask(`POST /v1/maintenance/${kind}`, { key, body });

describe.each([
  ["compaction", "lake.compact"],
  ["retention", "lake.retention"],
  ["integrity", "lake.integrity"],
  ["orphans", "lake.orphans"],
])("POST /v1/maintenance/%s", (kind, type) => {
  test("202 with the job of the key's tenant, with and without a body", async () => {
    const reply = await ask(kind);
    expect(reply.status).toBe(202);
    expect(reply.json).toMatchObject({ type, queue: "system.lake", status: "pending", payload: {} });
    expect(reply.headers.get("location")).toBe(`/v1/jobs/${reply.json.id}`);
    const named = await ask(kind, { table: "clicks" });
    expect(named.status).toBe(202);
    expect(named.json["payload"]).toEqual(kind === "orphans" ? {} : { table: "clicks" });
  });

  test("401 without a key", async () => {
    expect((await ask(kind, undefined, {})).status).toBe(401);
  });

  test("403 without the scope ops:admin, and for a key that is bound to tables", async () => {
    const writer = await api.makeKey({ scopes: ["jobs:write", "tables:admin"] });
    expect((await ask(kind, undefined, writer)).status).toBe(403);
    const bound = await api.makeKey({ tenantId: own.tenantId, tables: ["clicks"] });
    expect((await ask(kind, undefined, bound)).status).toBe(403);
  });

  test("404 for a table that another tenant has", async () => {
    const other = await api.makeKey({ tenantId: "elsewhere", scopes: ["ops:admin"] });
    const reply = await ask(kind, { table: "clicks" }, other);
    expect([reply.status, reply.json["code"]]).toEqual([404, "TABLE_NOT_FOUND"]);
  });

  test("422 for what it doesn't know", async () => {
    expect((await ask(kind, { tables: ["clicks"] })).status).toBe(422);
  });
});
