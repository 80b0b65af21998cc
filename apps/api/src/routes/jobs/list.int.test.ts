import { describe, expect, test } from "vitest";

import { apiOfFile } from "../../testing/api-of-file.ts";

const { api, key } = await apiOfFile();

const list = (query: string, by = key) => api.ask(`GET /v1/jobs${query}`, { key: by });
const make = async (job: object) => (await api.ask("POST /v1/jobs", { key, body: { type: "t", ...job } })).json;

async function idsOf(query: string): Promise<readonly string[]> {
  const { json } = await list(query);
  return json.items.map(({ id }) => id);
}

describe("GET /v1/jobs", () => {
  test("200: newest first, in pages that show each job once whatever comes meanwhile", async () => {
    const made: string[] = [];
    for (let i = 0; i < 7; i++) made.push((await make({ queue: "pages" })).id);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const { json } = await list(`?queue=pages&limit=2${cursor === null ? "" : `&cursor=${cursor}`}`);
      seen.push(...json.items.map(({ id }) => id));
      cursor = json.nextCursor;
      await make({ queue: "pages" });
    } while (cursor !== null);
    expect(seen).toEqual(made.toReversed());
  });

  test("200: every filter finds what it names, and nothing else", async () => {
    const wanted = await make({
      queue: "f",
      type: "f.type",
      tags: ["f-tag"],
      idempotencyKey: "f-key",
      delayMs: 3_600_000,
    });
    await make({ queue: "g" });
    const created = Date.parse(wanted.createdAt);
    const at = (ms: number) => new Date(created + ms).toISOString();
    for (const query of ["?queue=f", "?type=f.type", "?tag=f-tag", "?idempotencyKey=f-key"]) {
      expect([query, await idsOf(query)]).toEqual([query, [wanted.id]]);
    }
    const dated = [
      [`?queue=f&createdAfter=${at(-1)}&createdBefore=${at(1)}`, 1],
      [`?queue=f&createdAfter=${at(1)}`, 0],
      [`?queue=f&createdBefore=${at(-1)}`, 0],
      [`?queue=f&scheduledBefore=${at(1_000)}`, 0],
      [`?queue=f&scheduledBefore=${at(7_200_000)}`, 1],
      ["?queue=f&status=pending", 1],
      ["?queue=f&status=running", 0],
      ["?queue=f&status=completed", 0],
    ] as const;
    for (const [query, count] of dated) expect([query, (await idsOf(query)).length]).toEqual([query, count]);
  });

  test("200: a time with an offset means the same moment", async () => {
    await make({ queue: "offset" });
    expect(await idsOf("?queue=offset&createdBefore=2100-01-01T00:00:00%2B02:00")).toHaveLength(1);
  });

  test("200: a key that is bound to one queue sees that one; to several, it says which", async () => {
    await make({ queue: "bound-a" });
    await make({ queue: "bound-b" });
    const one = await api.makeKey({ scopes: ["jobs:read"], queues: ["bound-a"] });
    const { json } = await list("", one.key);
    expect(json.items.map(({ queue }) => queue)).toEqual(["bound-a"]);
    const two = await api.makeKey({ scopes: ["jobs:read"], queues: ["bound-a", "bound-b"] });
    expect((await list("", two.key)).status).toBe(422);
    expect((await list("?queue=bound-b", two.key)).json.items).toHaveLength(1);
    expect((await list("?queue=elsewhere", two.key)).status).toBe(403);
  });

  test.each([
    ["?limit=0", "limit"],
    ["?limit=501", "limit"],
    ["?limit=-1", "limit"],
    ["?limit=1.5", "limit"],
    ["?limit=many", "limit"],
    ["?limit=", "limit"],
    ["?limit=1&limit=2", "limit"],
    ["?status=done", "status"],
    ["?status=pending&status=dead", "status"],
    ["?createdAfter=yesterday", "createdAfter"],
    ["?createdAfter=2020-01-01", "createdAfter"],
    ["?tag=%00", "tag"],
    ["?queue=a%20b", "queue"],
    ["?cursor=abc", "cursor"],
    ["?api_key=x", "api_key"],
  ])("422: %s", async (query, path) => {
    const reply = await list(query);
    expect(reply.status).toBe(422);
    expect(reply.json.errors.map(({ path: at }) => at)).toEqual([path]);
  });
});

describe("GET /v1/queues", () => {
  test("200: counts by status, with the age of what waits", async () => {
    const id = (await make({ queue: "counted/1" })).id;
    await make({ queue: "counted/1", delayMs: 60_000 });
    await make({ queue: "counted/1" });
    await api.ask(`POST /v1/jobs/${id}/cancel`, { key });
    const { json } = await api.ask("GET /v1/queues", { key });
    const queue = json.items.find(({ name }) => name === "counted/1");
    expect(queue).toEqual({
      name: "counted/1",
      counts: { pending: 2, running: 0, completed: 0, dead: 0, cancelled: 1 },
      scheduled: 1,
      capped: [],
      pausedAt: null,
      oldestPendingAgeMs: expect.any(Number),
    });
    const one = await api.ask("GET /v1/queues/counted%2F1", { key });
    expect(one.json).toMatchObject({ name: "counted/1", scheduled: 1 });
  });

  test("200: page by page, by name; a bound key's pages have its queues only", async () => {
    const { key: own } = await api.makeKey({ tenantId: "pages" });
    const names = ["a.1", "b", "c/2", "d", "e"];
    for (const queue of names) await api.ask("POST /v1/jobs", { key: own, body: { type: "t", queue } });
    const pagesOf = async (of: string) => {
      const pages: string[][] = [];
      let cursor = "";
      do {
        const { json } = await api.ask(`GET /v1/queues?limit=2${cursor}`, { key: of });
        pages.push(json.items.map(({ name }) => name));
        cursor = json["nextCursor"] === null ? "" : `&cursor=${json["nextCursor"]}`;
      } while (cursor !== "");
      return pages;
    };
    expect(await pagesOf(own)).toEqual([["a.1", "b"], ["c/2", "d"], ["e"]]);
    const bound = await api.makeKey({ tenantId: "pages", queues: ["e", "b", "c/2"] });
    expect(await pagesOf(bound.key)).toEqual([["b", "c/2"], ["e"]]);
  });

  test("422: a limit out of bounds, and a cursor that is none of this list", async () => {
    for (const query of ["limit=0", "limit=501", "cursor=x", "more=1"]) {
      expect((await api.ask(`GET /v1/queues?${query}`, { key })).status).toBe(422);
    }
  });

  test("a key sees the queues that it is bound to", async () => {
    await make({ queue: "seen" });
    await make({ queue: "unseen" });
    const bound = await api.makeKey({ scopes: ["jobs:read"], queues: ["seen"] });
    const { json } = await api.ask("GET /v1/queues", { key: bound.key });
    expect(json.items.map(({ name }) => name)).toEqual(["seen"]);
    expect((await api.ask("GET /v1/queues/unseen", { key: bound.key })).status).toBe(404);
  });
});
