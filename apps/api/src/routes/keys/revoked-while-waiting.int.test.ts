import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { readEvents } from "../../testing/read-events.ts";
import { type TestApi, startTestApi } from "../../testing/start-test-api.ts";

let api: TestApi;
let admin: string;
/** The jobs that somebody has looked at. */
const looked = new Set<string>();

beforeAll(async () => {
  api = await startTestApi({
    keyCheckMs: 50,
    replace: (composition) => ({
      ...composition,
      store: {
        ...composition.store,
        getJob(ref) {
          looked.add(ref.id);
          return composition.store.getJob(ref);
        },
      },
    }),
  });
  admin = (await api.makeKey()).key;
});
afterAll(() => api.close());

const enqueue = async (queue: string) =>
  (await api.ask("POST /v1/jobs", { key: admin, body: { type: "t", queue } })).json.id;
const read = async (id: string) => (await api.ask(`GET /v1/jobs/${id}`, { key: admin })).json;

/** Revokes a key, until the API knows. */
async function revoke({ id, key }: { readonly id: string; readonly key: string }): Promise<void> {
  expect((await api.ask(`DELETE /v1/keys/${id}`, { key: admin })).status).toBe(204);
  await expect.poll(async () => (await api.ask("GET /v1/queues", { key })).status).toBe(401);
}

const claims = async () =>
  [...(await api.ask("GET /v1/metrics")).text.matchAll(/^millrace_claims_total\{.*\} (\d+)$/gm)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );

describe("a key that is revoked", () => {
  test("while its claim waits gets no job: the job has its attempt again, and goes to another", async () => {
    const own = await api.makeKey();
    const before = await claims();
    const body = { queues: ["revoked"], worker: "w", waitMs: 60_000 };
    const waiting = api.ask("POST /v1/leases/claim", { key: own.key, body });
    await expect.poll(claims).toBeGreaterThan(before);
    await revoke(own);
    const id = await enqueue("revoked");
    const reply = await waiting;
    expect([reply.status, reply.json["code"], reply.headers.get("www-authenticate")]).toEqual([
      401,
      "UNAUTHENTICATED",
      "Bearer",
    ]);
    await expect.poll(async () => (await read(id))["status"]).toBe("pending");
    expect(await read(id)).toMatchObject({ attempts: 0, lockedBy: null });
    const next = await api.ask("POST /v1/leases/claim", { key: admin, body });
    expect(next.json.items).toMatchObject([{ job: { id, attempts: 1 } }]);
  });

  test("while it waits for a job is not told of it", async () => {
    const own = await api.makeKey();
    const id = await enqueue("waited");
    const waiting = api.ask(`GET /v1/jobs/${id}/wait?timeoutMs=60000`, { key: own.key });
    await expect.poll(() => looked.has(id)).toBe(true);
    await revoke(own);
    await api.ask(`POST /v1/jobs/${id}/cancel`, { key: admin });
    expect((await waiting).status).toBe(401);
  });

  test("ends the streams that were opened with it", async () => {
    const own = await api.makeKey();
    const id = await enqueue("followed");
    const events = await readEvents(`${api.url}/v1/jobs/${id}/events`, { key: own.key });
    expect(await events.next()).toMatchObject({ event: "job" });
    const kept = await readEvents(`${api.url}/v1/jobs/${id}/events`, { key: admin });
    expect(await kept.next()).toMatchObject({ event: "job" });
    await revoke(own);
    expect(await events.next()).toBeUndefined();
    await api.ask(`POST /v1/jobs/${id}/cancel`, { key: admin });
    expect((await kept.rest()).map(({ event }) => event)).toEqual(["job", "end"]);
  });
});
