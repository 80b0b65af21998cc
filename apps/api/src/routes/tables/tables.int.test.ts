import { randomUUID } from "node:crypto";

import { describe, expect, test } from "vitest";

import type { ColumnJson } from "@millrace/contract";
import { addTable } from "@millrace/storage/testing";

import { apiOfFile } from "../../testing/api-of-file.ts";
import type { TestKey } from "../../testing/start-test-api.ts";

const { api } = await apiOfFile();
const own = await api.makeKey();
const bound = await api.makeKey({ tables: ["mine", "too"] });

const ask = (what: string, body?: unknown, { key } = own) => api.ask(what, { key, body });
const newName = () => `t${randomUUID().replaceAll("-", "")}`;
const clicks = [
  { name: "id", type: "int64" },
  { name: "at", type: "timestamp", nullable: false },
  { name: "price", type: "decimal(10,2)", default: 1.5 },
];

async function make(more: object = {}): Promise<string> {
  const name = newName();
  const reply = await ask("POST /v1/tables", { name, columns: clicks, ...more });
  expect([reply.status, reply.text]).toEqual([201, expect.any(String)]);
  return name;
}

const columnsOf = async (name: string, query = "") =>
  (await ask(`GET /v1/tables/${name}${query}`)).json["columns"] as readonly ColumnJson[];
const namesOf = async (name: string, query = "") => (await columnsOf(name, query)).map((column) => column.name);

describe("POST /v1/tables", () => {
  test("201 with the table, its defaults filled in and an id for each column", async () => {
    const name = newName();
    const reply = await ask("POST /v1/tables", {
      name,
      columns: [
        ...clicks,
        { name: "tags", type: { list: { struct: [{ name: "k", type: "varchar" }] } } },
        { name: "z", type: "int64", default: "9223372036854775807" },
      ],
      primaryKey: ["id"],
      sortBy: ["at", "id"],
      partitionBy: [{ column: "at", transform: "day" }],
      retentionDays: 30,
    });
    expect(reply.status).toBe(201);
    expect(reply.headers.get("location")).toBe(`/v1/tables/${name}`);
    const table = {
      name,
      version: 1,
      columns: [
        { fieldId: 1, name: "id", type: "int64", nullable: false },
        { fieldId: 2, name: "at", type: "timestamp", nullable: false },
        { fieldId: 3, name: "price", type: "decimal(10,2)", nullable: true, default: 1.5 },
        { fieldId: 4, name: "tags", type: { list: { struct: [{ name: "k", type: "varchar" }] } }, nullable: true },
        { fieldId: 7, name: "z", type: "int64", nullable: true, default: "9223372036854775807" },
      ],
      primaryKey: ["id"],
      sortBy: ["at", "id"],
      partitionBy: [{ column: "at", transform: "day" }],
      retentionDays: 30,
      schemaMode: "strict",
      system: false,
      idempotencyWindowDays: 7,
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    };
    expect(reply.json).toEqual(table);
    expect((await ask(`GET /v1/tables/${name}`)).json).toEqual({ ...reply.json, latestVersion: 1 });
  });

  test("403 for a name that the key is not bound to", async () => {
    expect((await ask("POST /v1/tables", { name: "other", columns: clicks }, bound)).status).toBe(403);
    expect((await ask("POST /v1/tables", { name: "mine", columns: clicks }, bound)).status).toBe(201);
  });

  test("409 when the name is taken, in its own tenant only", async () => {
    const name = await make();
    const again = await ask("POST /v1/tables", { name, columns: clicks });
    expect([again.status, again.json.code]).toEqual([409, "ALREADY_EXISTS"]);
    const other = await api.makeKey({ tenantId: "elsewhere" });
    expect((await ask("POST /v1/tables", { name, columns: clicks }, other)).status).toBe(201);
  });

  test("of many that make one name at once exactly one does, also as a tenant's first tables", async () => {
    const first = await api.makeKey({ tenantId: `new-${randomUUID().slice(0, 8)}` });
    const name = newName();
    const replies = await Promise.all(
      Array.from({ length: 8 }, () => ask("POST /v1/tables", { name, columns: clicks }, first)),
    );
    expect(replies.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      201,
      ...Array.from({ length: 7 }, () => 409),
    ]);
  });

  test("422 naming every problem at its place, at once", async () => {
    const errorsOf = async (body: object) =>
      (await ask("POST /v1/tables", body)).json.errors.map(({ path }) => path).toSorted();
    expect(
      await errorsOf({
        name: "Bad",
        columns: [
          { name: "_x", type: "int64" },
          { name: "a", type: "decimal(5,6)" },
          {
            name: "b",
            type: {
              list: {
                struct: [
                  { name: "c", type: "text" },
                  { name: "C", type: "date" },
                  { name: "c", type: "date" },
                ],
              },
            },
          },
        ],
        colour: "red",
      }),
    ).toEqual([
      "colour",
      "columns.0.name",
      "columns.1.type",
      "columns.2.type.list.struct.0.type",
      "columns.2.type.list.struct.1.name",
      "columns.2.type.list.struct.2.name",
      "name",
    ]);
    expect(
      await errorsOf({
        name: newName(),
        columns: [
          { name: "a", type: "int32", default: "x" },
          { name: "A", type: "json" },
          { name: "k", type: "int32", nullable: true },
        ],
        primaryKey: ["k", "a"],
        sortBy: ["A", "none"],
        partitionBy: [{ column: "a", transform: "day" }],
      }),
    ).toEqual(["columns.0.default", "columns.1.name", "columns.2.nullable", "partitionBy.0", "sortBy.0", "sortBy.1"]);
    expect(await errorsOf({ name: "system", columns: clicks })).toEqual(["name"]);
    expect(await errorsOf({ name: newName(), columns: [] })).toEqual(["columns"]);
    let deep: unknown = "int32";
    for (let i = 0; i < 8; i++) deep = { list: deep };
    expect(await errorsOf({ name: newName(), columns: [{ name: "a", type: deep }] })).toEqual([
      `columns.0.type${".list".repeat(7)}`,
    ]);
  });
});

describe("GET /v1/tables", () => {
  test("shows a bound key what it is bound to, and no tenant another's", async () => {
    const tenantId = `t-${randomUUID().slice(0, 8)}`;
    const admin = await api.makeKey({ tenantId });
    const some = await api.makeKey({ tenantId, scopes: ["query:read"], tables: ["b"] });
    for (const name of ["c", "a", "b"]) await ask("POST /v1/tables", { name, columns: clicks }, admin);
    const names = async (key: TestKey, query = "") =>
      (await ask(`GET /v1/tables${query}`, undefined, key)).json.items.map(({ name }) => name);
    expect(await names(admin)).toEqual(["a", "b", "c"]);
    expect(await names(some)).toEqual(["b"]);
    const page = (await ask("GET /v1/tables?limit=2", undefined, admin)).json;
    expect(page.items.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(await names(admin, `?limit=2&cursor=${page.nextCursor}`)).toEqual(["c"]);
    expect((await ask("GET /v1/tables/a", undefined, some)).json.code).toBe("TABLE_NOT_FOUND");
    expect((await ask("GET /v1/tables/b", undefined, some)).status).toBe(200);
    expect((await ask("GET /v1/tables?limit=500")).json.items.map(({ name }) => name)).not.toContain("b");
  });
});

describe("PATCH /v1/tables/{table}", () => {
  test("drops, renames, widens and adds in one step, and keeps the older versions", async () => {
    const name = await make({
      columns: [
        { name: "a", type: "int32" },
        { name: "b", type: "int32" },
        { name: "c", type: "decimal(4,2)" },
      ],
    });
    const reply = await ask(`PATCH /v1/tables/${name}`, {
      ifVersion: 1,
      dropColumns: ["a"],
      renameColumns: [{ from: "b", to: "a" }],
      widenColumns: [
        { name: "b", type: "int64" },
        { name: "c", type: "decimal(8,2)" },
      ],
      addColumns: [{ name: "b", type: "varchar", nullable: false, default: "none" }],
      sortBy: ["a"],
    });
    expect(reply.status).toBe(200);
    expect(reply.json).toMatchObject({
      version: 2,
      columns: [
        { fieldId: 2, name: "a", type: "int64" },
        { fieldId: 3, name: "c", type: "decimal(8,2)" },
        { fieldId: 4, name: "b", type: "varchar", default: "none" },
      ],
      sortBy: ["a"],
    });
    expect(await namesOf(name, "?version=1")).toEqual(["a", "b", "c"]);
    expect((await ask(`GET /v1/tables/${name}?version=1`)).json).toMatchObject({ version: 1, latestVersion: 2 });
    expect((await ask(`GET /v1/tables/${name}?version=3`)).status).toBe(404);
  });

  test("a change of settings keeps the version, and the same again changes nothing", async () => {
    const name = await make({ retentionDays: 5 });
    const changed = await ask(`PATCH /v1/tables/${name}`, { retentionDays: null, schemaMode: "evolve" });
    expect(changed.json).toMatchObject({ version: 1, retentionDays: null, schemaMode: "evolve" });
    expect((await ask(`PATCH /v1/tables/${name}`, { schemaMode: "evolve" })).json).toEqual(changed.json);
  });

  test("a struct can get fields and wider ones, and keeps the ids of those it has", async () => {
    const struct = (...fields: readonly (readonly [string, string])[]) => ({
      list: { struct: fields.map(([n, type]) => ({ name: n, type })) },
    });
    const name = await make({ columns: [{ name: "s", type: struct(["x", "int32"], ["y", "date"]) }] });
    const wider = struct(["x", "int64"], ["y", "date"], ["z", "uuid"]);
    const reply = await ask(`PATCH /v1/tables/${name}`, { widenColumns: [{ name: "s", type: wider }] });
    expect(reply.json).toMatchObject({ version: 2, columns: [{ fieldId: 1, type: wider }] });
    const stored = await api.composition.tables.findTable({ tenantId: own.tenantId, name });
    expect(stored?.columns[0]?.type).toMatchObject({
      fieldId: 2,
      list: { struct: [{ fieldId: 3 }, { fieldId: 4 }, { fieldId: 5 }] },
    });
  });

  test.each([
    ["a narrower type", { widenColumns: [{ name: "id", type: "int32" }] }, "The column id: int64 can't become int32"],
    ["a lossy type", { widenColumns: [{ name: "id", type: "float64" }] }, "int64 can't become float64"],
    [
      "another scale",
      { widenColumns: [{ name: "price", type: "decimal(12,3)" }] },
      "decimal(10,2) can't become decimal(12,3)",
    ],
    ["a key that goes", { dropColumns: ["id"] }, "The column id can't be dropped: it is in the primary key."],
    ["an order that goes", { dropColumns: ["at"] }, "The column at can't be dropped: it is in sortBy."],
    [
      "a value that rows don't have",
      { addColumns: [{ name: "n", type: "int32", nullable: false }] },
      "The new column n is not nullable and has no default",
    ],
    ["a name twice", { addColumns: [{ name: "AT", type: "int32" }] }, "There would be two columns AT."],
    ["no such column", { renameColumns: [{ from: "x", to: "y" }] }, "There is no column x to be renamed."],
  ])("409 with the reason for %s, and nothing is changed", async (_, body, reason) => {
    const name = await make({ primaryKey: ["id"], sortBy: ["at"] });
    const reply = await ask(`PATCH /v1/tables/${name}`, { ...body, retentionDays: 9 });
    expect([reply.status, reply.json.code]).toEqual([409, "SCHEMA_INCOMPATIBLE"]);
    expect(reply.json["detail"]).toContain(reason);
    expect((await ask(`GET /v1/tables/${name}`)).json).toMatchObject({ version: 1, retentionDays: null });
  });

  test("409 for another version than the caller has seen", async () => {
    const name = await make();
    const reply = await ask(`PATCH /v1/tables/${name}`, { ifVersion: 2, retentionDays: 1 });
    expect([reply.status, reply.json.code, reply.json["version"]]).toEqual([409, "INVALID_STATE", 1]);
  });

  test("of changes at once none is lost", async () => {
    const name = await make();
    const added = Array.from({ length: 8 }, (_, i) => `added_${i}`);
    const replies = await Promise.all(
      added.map((column) => ask(`PATCH /v1/tables/${name}`, { addColumns: [{ name: column, type: "varchar" }] })),
    );
    expect(replies.map(({ status }) => status)).toEqual(added.map(() => 200));
    expect((await namesOf(name)).slice(clicks.length).toSorted()).toEqual(added);
    expect(new Set((await columnsOf(name)).map(({ fieldId }) => fieldId)).size).toBe(clicks.length + added.length);
    expect((await ask(`GET /v1/tables/${name}`)).json["version"]).toBe(1 + added.length);
  });

  test("404 for a table that the key is not bound to", async () => {
    const name = await make();
    expect((await ask(`PATCH /v1/tables/${name}`, { retentionDays: 1 }, bound)).json.code).toBe("TABLE_NOT_FOUND");
  });
});

describe("DELETE /v1/tables/{table}", () => {
  test("204, then 404, and its name is free for a table with other ids", async () => {
    const name = await make();
    expect((await ask(`DELETE /v1/tables/${name}`, undefined, bound)).status).toBe(404);
    expect((await ask(`DELETE /v1/tables/${name}`)).status).toBe(204);
    expect((await ask(`DELETE /v1/tables/${name}`)).status).toBe(404);
    expect((await ask(`GET /v1/tables/${name}`)).status).toBe(404);
    expect((await ask("POST /v1/tables", { name, columns: clicks })).status).toBe(201);
  });
});

test("tables of the system can be read and not changed", async () => {
  await make();
  await addTable(api.composition.tables, { tenantId: own.tenantId, name: "system.jobs", system: true });
  expect((await ask("GET /v1/tables/system.jobs")).json).toMatchObject({ system: true });
  expect((await ask("PATCH /v1/tables/system.jobs", { retentionDays: 1 })).json.code).toBe("INVALID_STATE");
  expect((await ask("DELETE /v1/tables/system.jobs")).json.code).toBe("INVALID_STATE");
});

test("whoever makes, changes or drops a table is in the audit log", async () => {
  const name = await make();
  await ask(`PATCH /v1/tables/${name}`, { retentionDays: 1 });
  await ask(`DELETE /v1/tables/${name}`);
  const { items } = (await ask(`GET /v1/audit?target=${name}`)).json;
  expect(items.map(({ action, actor }) => [action, actor])).toEqual(
    ["table.drop", "table.change", "table.create"].map((action) => [action, `key:${own.id}`]),
  );
});

test("a key bound to tables can make none that is bound to others", async () => {
  const body = { name: "n", scopes: ["query:read"] };
  expect((await ask("POST /v1/keys", body, bound)).status).toBe(403);
  expect((await ask("POST /v1/keys", { ...body, tables: ["mine", "other"] }, bound)).status).toBe(403);
  const made = await ask("POST /v1/keys", { ...body, tables: ["mine"] }, bound);
  expect([made.status, made.json["tables"]]).toEqual([201, ["mine"]]);
});

test("records meet the table as it is now: at once when it was made, changed or dropped", async () => {
  const name = newName();
  const send = async (payload: object) => {
    const body = { records: [{ idempotencyKey: randomUUID(), payload }] };
    const { status, json } = await ask(`POST /v1/ingest/${name}`, body);
    return status === 404 ? status : json["acceptedCount"];
  };
  const record = { id: 1, at: "2026-01-31T12:00:00Z" };
  expect(await send(record)).toBe(404);
  await ask("POST /v1/tables", { name, columns: clicks });
  expect(await send(record)).toBe(1);
  expect(await send({ ...record, extra: [1] })).toBe(0);
  await ask(`PATCH /v1/tables/${name}`, { schemaMode: "evolve" });
  expect(await send({ ...record, extra: [1] })).toBe(1);
  expect((await columnsOf(name)).at(-1)).toMatchObject({ name: "extra", type: "json" });
  await ask(`DELETE /v1/tables/${name}`);
  expect(await send(record)).toBe(404);
});
