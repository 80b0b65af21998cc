import { request } from "node:http";

import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import { type TestDatabase, testDatabase } from "@millrace/storage/testing";

import { holdTimers } from "../../testing/hold-timers.ts";
import { type TestApi, startTestApi } from "../../testing/start-test-api.ts";

const slow = { sql: "select count(*) from range(100000) a, range(100000) b, range(1000) c" };

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.close());

const running = (api: TestApi) => api.composition.lake?.query?.engine.stats().busy;

describe("a query that is not done", () => {
  test("ends without a line of error when its client goes away", async () => {
    const api = await startTestApi({ database, lake: true });
    const { key } = await api.makeKey();
    const sent = request(`${api.url}/v1/query`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    });
    sent.on("error", () => undefined);
    sent.end(JSON.stringify(slow));
    await vi.waitFor(() => expect(running(api)).toBe(1));
    sent.destroy();
    await vi.waitFor(() => expect(running(api)).toBe(0));
    await vi.waitFor(() =>
      expect(api.logs).toContainEqual(expect.objectContaining({ route: "/v1/query", status: 499 })),
    );
    expect(api.logs.filter(({ err }) => err !== undefined)).toEqual([]);
    await api.close();
  });

  test("is answered 503 when the server stops, before connections are cut", async () => {
    const shutdownGraceMs = 2_345;
    const values = { "server.drainDelayMs": 0, "server.shutdownGraceMs": shutdownGraceMs };
    const api = await startTestApi({ database, lake: true, values });
    const { key } = await api.makeKey();
    const answer = api.ask("POST /v1/query", { key, body: slow });
    await vi.waitFor(() => expect(running(api)).toBe(1));
    // Where connections are never cut, an answer comes only if it comes before.
    const cut = holdTimers(shutdownGraceMs);
    const drained = api.drain();
    expect((await answer).json).toMatchObject({ code: "UNAVAILABLE", status: 503 });
    cut();
    await drained;
    await api.close();
  });
});
