import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { type Reply, type TestApi, type TestKey, startTestApi } from "../../testing/start-test-api.ts";

let api: TestApi;
/** Another process on the same database. */
let other: TestApi;
let own: TestKey;

beforeAll(async () => {
  api = await startTestApi();
  other = await startTestApi({ databaseUrl: api.config.database.url });
  own = await api.makeKey();
});
afterAll(async () => {
  await other.close();
  await api.close();
});

const ask = (what: string, body?: unknown, { key } = own) => api.ask(what, { key, body });
const mail = {
  type: "object",
  properties: { to: { type: "string", format: "email" }, lines: { type: "array", items: { type: "string" } } },
  required: ["to"],
};
const wrong = { lines: ["a", 1] };
const put = (type: string, schema: unknown = mail, key = own) => ask(`PUT /v1/schemas/${type}`, { schema }, key);

/** A type of its own with a schema in force. */
async function make(schema: unknown = mail): Promise<string> {
  const type = randomUUID();
  expect((await put(type, schema)).status).toBe(201);
  return type;
}

const told = ({ status, json }: Reply) => [status, json.code, json.errors?.map(({ path, code }) => [path, code])];
const refused = (...errors: readonly (readonly [string, string])[]) => [422, "VALIDATION_FAILED", errors];

describe("PUT /v1/schemas/{type}", () => {
  test("200 with the first version, then the same for the same schema however it is ordered, then the next for another", async () => {
    const type = randomUUID();
    const putting = async (schema: object) => {
      const { status, json } = await put(type, schema);
      return [status, json];
    };
    expect(await putting({ type: "object", title: "t" })).toEqual([201, { type, version: 1, created: true }]);
    expect(await putting({ title: "t", type: "object" })).toEqual([200, { type, version: 1, created: false }]);
    expect(await putting({ title: "u", type: "object" })).toEqual([201, { type, version: 2, created: true }]);
    expect(await putting({ type: "object", title: "t" })).toEqual([201, { type, version: 3, created: true }]);
  });

  test("makes one version of the same schema and one of each other one, however many are put at once", async () => {
    const [same, different] = [randomUUID(), randomUUID()];
    const key = own.key;
    const race = (schemaOf: (i: number) => object, type: string) =>
      Promise.all(
        Array.from({ length: 12 }, (_, i) =>
          (i % 2 === 0 ? api : other).ask(`PUT /v1/schemas/${type}`, { key, body: { schema: schemaOf(i) } }),
        ),
      );
    const once = await race(() => mail, same);
    expect(once.map(({ json }) => json["version"])).toEqual(once.map(() => 1));
    expect(once.filter(({ json }) => json["created"] === true)).toHaveLength(1);
    expect(once.filter(({ status }) => status === 201)).toHaveLength(1);

    const each = await race((i) => ({ title: String(i) }), different);
    const versions = each.map(({ json }) => Number(json["version"])).toSorted((a, b) => a - b);
    expect(versions).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    for (const [i, { json }] of each.entries()) {
      const stored = await ask(`GET /v1/schemas/${different}?version=${String(json["version"])}`);
      expect(stored.json["schema"]).toEqual({ title: String(i) });
    }
  });

  test("is written into the audit log, where it has changed something", async () => {
    const type = await make();
    await put(type);
    await ask(`DELETE /v1/schemas/${type}`);
    const { json } = await ask(`GET /v1/audit?action=schema.change&target=${type}`);
    expect(json.items.map(({ detail }) => detail)).toEqual([{ version: 2, deleted: true }, { version: 1 }]);
  });

  test("403 with a key that may not set limits, and with one that is bound to queues", async () => {
    const writer = await api.makeKey({ scopes: ["jobs:read", "jobs:write"] });
    const bound = await api.makeKey({ queues: ["mine"] });
    for (const key of [writer, bound]) {
      expect(told(await put("t", mail, key)).slice(0, 2)).toEqual([403, "FORBIDDEN"]);
      expect((await ask("DELETE /v1/schemas/t", undefined, key)).status).toBe(403);
    }
  });

  test("422 for a schema that can't be used, naming every place, and nothing is stored", async () => {
    const type = randomUUID();
    expect(
      told(await put(type, { properties: { a: { tipe: "string" }, b: { pattern: "(?=a)" } }, format: "x" })),
    ).toEqual(
      refused(
        ["schema.properties.a.tipe", "unsupported_keyword"],
        ["schema.properties.b.pattern", "invalid_pattern"],
        ["schema.format", "unknown_format"],
      ),
    );
    expect(told(await put(type, { $ref: "https://example.com/schema.json" }))).toEqual(
      refused(["schema.$ref", "remote_ref"]),
    );
    expect(told(await put(type, { type: "text" }))[0]).toBe(422);
    expect(told(await put(type, { enum: ["x".repeat(70_000)] }))).toEqual(refused(["schema", "too_big"]));
    expect((await ask(`GET /v1/schemas/${type}`)).status).toBe(404);
  });

  test("422 for what is no schema, no type, or has further fields", async () => {
    expect(told(await ask("PUT /v1/schemas/t", {}))[0]).toBe(422);
    for (const schema of [true, "object", [], null])
      expect(told(await put("t", schema))).toEqual(refused(["schema", "custom"]));
    expect(told(await ask("PUT /v1/schemas/t", { schema: {}, more: 1 }))).toEqual(refused(["more", "unknown_field"]));
    expect(told(await put("no%20spaces"))).toEqual(refused(["type", "invalid_format"]));
  });
});

describe("GET /v1/schemas/{type}", () => {
  test("200 with the schema in force, or the version that is asked for", async () => {
    const type = await make({ title: "one" });
    await put(type, { title: "two" });
    const { json } = await ask(`GET /v1/schemas/${type}`);
    expect(json).toEqual({ type, version: 2, createdAt: expect.any(String), schema: { title: "two" } });
    expect((await ask(`GET /v1/schemas/${type}?version=1`)).json["schema"]).toEqual({ title: "one" });
  });

  test("404 for a version that there is not, and for a type of another tenant", async () => {
    const type = await make();
    expect((await ask(`GET /v1/schemas/${type}?version=2`)).status).toBe(404);
    const stranger = await api.makeKey({ tenantId: "stranger" });
    expect((await ask(`GET /v1/schemas/${type}`, undefined, stranger)).status).toBe(404);
  });

  test("422 for a version that is no number of one", async () => {
    for (const version of ["0", "x", "1.5"]) {
      expect((await ask(`GET /v1/schemas/t?version=${version}`)).status).toBe(422);
    }
  });
});

describe("GET /v1/schemas", () => {
  test("200 with the types that have a schema in force, page by page", async () => {
    const lister = await api.makeKey({ tenantId: "lister" });
    for (const type of ["b", "a/x", "c", "gone"]) await put(encodeURIComponent(type), mail, lister);
    await put("b", {}, lister);
    await ask("DELETE /v1/schemas/gone", undefined, lister);
    const first = await ask("GET /v1/schemas?limit=2", undefined, lister);
    expect(first.json.items).toEqual([
      { type: "a/x", version: 1, createdAt: expect.any(String) },
      { type: "b", version: 2, createdAt: expect.any(String) },
    ]);
    const rest = await ask(`GET /v1/schemas?limit=2&cursor=${first.json.nextCursor}`, undefined, lister);
    expect([rest.json.items.map(({ type }) => type), rest.json.nextCursor]).toEqual([["c"], null]);
  });

  test("422 for a cursor of another list", async () => {
    const reply = await ask("GET /v1/schemas?cursor=nonsense");
    expect(told(reply)).toEqual(refused(["cursor", "invalid_cursor"]));
  });
});

describe("DELETE /v1/schemas/{type}", () => {
  test("204, and payloads are no longer checked; its versions stay, and none is used again", async () => {
    const type = await make();
    expect((await ask("POST /v1/jobs", { type, payload: wrong })).status).toBe(422);
    expect((await ask(`DELETE /v1/schemas/${type}`)).status).toBe(204);
    expect((await ask("POST /v1/jobs", { type, payload: wrong })).status).toBe(201);
    expect((await ask(`GET /v1/schemas/${type}`)).status).toBe(404);
    expect((await ask(`GET /v1/schemas/${type}?version=1`)).json["schema"]).toEqual(mail);
    expect((await put(type)).json).toEqual({ type, version: 3, created: true });
  });

  test("404 where no schema is in force", async () => {
    const type = await make();
    await ask(`DELETE /v1/schemas/${type}`);
    expect((await ask(`DELETE /v1/schemas/${type}`)).status).toBe(404);
  });
});

describe("a payload that does not fit the schema of its type", () => {
  const both = (at: string) => [
    [`${at}.to`, "required"],
    [`${at}.lines.1`, "type"],
  ];

  test("is refused when a job is enqueued, naming every place; nothing is stored", async () => {
    const type = await make();
    const reply = await ask("POST /v1/jobs", { type, payload: wrong });
    expect(told(reply)).toEqual([422, "VALIDATION_FAILED", both("payload")]);
    expect((await ask(`GET /v1/jobs?type=${type}`)).json.items).toEqual([]);
    expect((await ask("POST /v1/jobs", { type, payload: { to: "a@example.com" } })).status).toBe(201);
  });

  test("refuses its whole batch, and is named by its place in it", async () => {
    const type = await make();
    const jobs = [
      { type, payload: { to: "a@example.com" } },
      { type: "free", payload: wrong },
      { type, payload: wrong },
    ];
    expect(told(await ask("POST /v1/jobs/batch", { jobs }))).toEqual([
      422,
      "VALIDATION_FAILED",
      both("jobs.2.payload"),
    ]);
    expect((await ask(`GET /v1/jobs?type=${type}`)).json.items).toEqual([]);
    const many = Array.from({ length: 100 }, () => ({ type, payload: wrong }));
    expect((await ask("POST /v1/jobs/batch", { jobs: many })).json.errors).toHaveLength(50);
  });

  test("can't be put into a job that waits", async () => {
    const type = await make();
    const { id } = (await ask("POST /v1/jobs", { type, payload: { to: "a@example.com" }, delayMs: 60_000 })).json;
    expect(told(await ask(`PATCH /v1/jobs/${id}`, { payload: wrong }))).toEqual([
      422,
      "VALIDATION_FAILED",
      both("payload"),
    ]);
    expect((await ask(`PATCH /v1/jobs/${id}`, { payload: { to: "b@example.com" } })).status).toBe(200);
  });

  test("can't be put into a schedule, nor enqueued by hand from one that was made before", async () => {
    const type = randomUUID();
    const schedule = { cron: "@yearly", job: { type, payload: wrong } };
    const old = randomUUID();
    expect((await ask(`PUT /v1/schedules/${old}`, schedule)).status).toBe(201);
    await put(type);
    const expected = [422, "VALIDATION_FAILED", both("job.payload")];
    expect(told(await ask("POST /v1/schedules", { name: randomUUID(), ...schedule }))).toEqual(expected);
    expect(told(await ask(`PUT /v1/schedules/${randomUUID()}`, schedule))).toEqual(expected);
    expect(told(await ask(`POST /v1/schedules/${old}/run`))).toEqual([422, "VALIDATION_FAILED", both("payload")]);
  });

  test("is refused by every process a second later, also if that has known another schema", async () => {
    const type = await make({});
    const body = { type, payload: wrong };
    const status = async () => (await other.ask("POST /v1/jobs", { key: own.key, body })).status;
    expect(await status()).toBe(201);
    await put(type);
    await expect.poll(status).toBe(422);
    await ask(`DELETE /v1/schemas/${type}`);
    await expect.poll(status).toBe(201);
  });

  test("does no harm where it was accepted before: the job can be claimed and completed", async () => {
    const type = randomUUID();
    const { id } = (await ask("POST /v1/jobs", { type, queue: type, payload: wrong })).json;
    await put(type);
    const { json } = await ask("POST /v1/leases/claim", { queues: [type], worker: "w" });
    const [leased] = json.items;
    expect(leased?.["job"]).toMatchObject({ id, payload: wrong });
    const done = await ask("POST /v1/leases/complete", { items: [{ leaseToken: leased?.["leaseToken"] }] });
    expect(done.json.items[0]).toMatchObject({ ok: true });
  });

  test("is another tenant's own business", async () => {
    const type = await make();
    const stranger = await api.makeKey({ tenantId: "stranger" });
    expect((await ask("POST /v1/jobs", { type, payload: wrong }, stranger)).status).toBe(201);
  });
});
