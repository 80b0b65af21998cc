import { readFile } from "node:fs/promises";

import { describe, expect, test, vi } from "vitest";

import { apiOfFile } from "../../testing/api-of-file.ts";

const { api, key } = await apiOfFile({ lake: true });
const query = (sql: string, who = key) => api.ask("POST /v1/query", { key: who, body: { sql } });
const rowsOf = async (sql: string, who = key) => (await query(sql, who)).json["rows"];

const documentation = await readFile(new URL("../../../../../docs/concepts/job-history.md", import.meta.url), "utf8");
const documented = [...documentation.matchAll(/\n(?<question>[^\n]+\?)\n\n```sql\n(?<sql>.+?)```/gs)].map(
  ({ groups }) => ({ question: groups?.["question"] ?? "", sql: groups?.["sql"] ?? "" }),
);

/** Two jobs that complete, the second at its second attempt, and one that dies. */
async function runJobs(): Promise<void> {
  const { store } = api.composition;
  const tenantId = "acme";
  const customer = { customer: "c-1" };
  const claim = async (worker: string) => {
    for (;;) {
      await store.promoteDue(10);
      const [claimed] = await store.claimJobs({ tenantId, limit: 1, leaseMs: 60_000, worker });
      if (claimed !== undefined) return claimed;
    }
  };
  for (const [type, failures, attempts] of [
    ["mail.send", 0, 1],
    ["mail.retry", 1, 2],
    ["mail.die", 2, 2],
  ] as const) {
    await api.ask("POST /v1/jobs", { key, body: { queue: "mail", type, payload: customer, maxAttempts: 2 } });
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const { leaseToken } = await claim(`w${attempt}`);
      await (attempt > failures
        ? store.completeJobs([{ leaseToken, result: null }])
        : store.failJobs([{ leaseToken, message: "no route 7", retryable: true, retryAfterMs: 0 }]));
    }
  }
}

describe("the history of jobs", () => {
  test("is there, empty and typed, for a tenant that has never had a job or a table", async () => {
    const { key: who } = await api.makeKey({ tenantId: "new" });
    const reply = await query("select id, tags, run_ms from system.jobs", who);
    expect(reply.json).toMatchObject({
      rows: [],
      columns: [
        { name: "id", type: "uuid" },
        { name: "tags", type: "list" },
        { name: "run_ms", type: "float64" },
      ].map(({ name }) => ({ name })),
    });
    expect(await rowsOf("select count(*) from system.job_attempts", who)).toEqual([[0]]);
  });

  test("can be asked what the documentation asks, soon after the jobs ended", async () => {
    await runJobs();
    await vi.waitFor(async () => expect(await rowsOf("select count(*) from system.jobs")).toEqual([[3]]), {
      timeout: 40_000,
      interval: 200,
    });
    expect(documented.length).toBeGreaterThanOrEqual(6);
    for (const { question, sql } of documented) {
      const reply = await query(sql);
      expect([question, reply.status, (reply.json["rows"] as readonly unknown[]).length > 0]).toEqual([
        question,
        200,
        true,
      ]);
    }
    expect(await rowsOf("select type, status, attempts from system.jobs order by completed_at")).toEqual([
      ["mail.send", "completed", 1],
      ["mail.retry", "completed", 2],
      ["mail.die", "dead", 2],
    ]);
    expect(await rowsOf("select worker, outcome, count(*) from system.job_attempts group by all order by all")).toEqual(
      [
        ["w1", "completed", 1],
        ["w1", "failed", 2],
        ["w2", "completed", 1],
        ["w2", "failed", 1],
      ],
    );
  });

  test("is nobody else's, and not for a key that is bound to queues", async () => {
    const { key: other } = await api.makeKey({ tenantId: "other" });
    expect(await rowsOf("select count(*) from system.jobs", other)).toEqual([[0]]);
    const { key: bound } = await api.makeKey({ queues: ["mail"] });
    expect((await query("select count(*) from system.jobs", bound)).json).toMatchObject({ code: "QUERY_INVALID" });
  });

  test("takes no events, no change and no drop", async () => {
    const records = [{ idempotencyKey: "k", payload: {} }];
    // No name that records can be sent to has a dot.
    const sent = await api.ask("POST /v1/ingest/system.jobs", { key, body: { records } });
    expect(sent.json).toMatchObject({ code: "INVALID_STATE" });
    expect((await api.ask("DELETE /v1/tables/system.jobs", { key })).json).toMatchObject({ code: "INVALID_STATE" });
  });
});
