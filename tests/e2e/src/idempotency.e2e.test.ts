import { describe, expect, test } from "vitest";

import type { EnqueuedJob, Problem } from "@millrace/client";

import { startApi } from "./processes/start-api.ts";
import { recordedTypes } from "./testing/recorded-types.ts";
import { openStage } from "./testing/stage.ts";

const [type] = recordedTypes;

const post = (url: string, body: object, headers: Readonly<Record<string, string>> = {}) =>
  fetch(`${url}/v1/jobs`, {
    method: "POST",
    headers: { authorization: "Bearer alpha-key", "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

describe("one idempotency key", () => {
  test("makes one job of 50 enqueues at once through two APIs, and is refused to another request", async (context) => {
    const stage = await openStage(context);
    const { url: databaseUrl } = await stage.database();
    const apis = await Promise.all(["api-1", "api-2"].map((name) => startApi(stage, { name, databaseUrl })));
    const [first, second] = apis.map(({ url }) => url) as [string, string];
    const body = { type, payload: { runMs: 1 }, idempotencyKey: "order-1" };

    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, at) => {
        const response = await post(at % 2 === 0 ? first : second, body);
        return { status: response.status, job: (await response.json()) as EnqueuedJob };
      }),
    );
    const created = answers.filter(({ status }) => status === 201);
    const repeated = answers.filter(({ status }) => status === 200);
    expect([created.length, repeated.length]).toEqual([1, 49]);
    expect(created.every(({ job }) => !job.duplicate)).toBe(true);
    expect(repeated.every(({ job }) => job.duplicate)).toBe(true);
    expect(new Set(answers.map(({ job }) => job.id)).size).toBe(1);

    const client = apis[1]!.client();
    expect((await client.queues.get("default")).counts.pending).toBe(1);

    for (const url of [first, second]) {
      const refused = await post(url, { ...body, payload: { runMs: 2 } });
      expect(refused.status).toBe(422);
      expect(refused.headers.get("content-type")).toBe("application/problem+json");
      expect(((await refused.json()) as Problem).code).toBe("IDEMPOTENCY_KEY_REUSED");
    }

    // The same key in the header, the members in another order: still the same request.
    const again = await post(second, { payload: { runMs: 1 }, type }, { "idempotency-key": "order-1" });
    expect([again.status, ((await again.json()) as EnqueuedJob).id]).toEqual([200, answers[0]!.job.id]);
    // Another tenant's key is its own.
    const other = await post(first, body, { authorization: "Bearer beta-key" });
    expect(other.status).toBe(201);
  });
});
