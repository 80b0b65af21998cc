import { describe, expect, it } from "vitest";

import type { Executor } from "../executor.ts";
import { storeOfFile } from "../testing/job-store/store-of-file.ts";
import { createCompleter } from "./completer.ts";

const { test, store } = await storeOfFile();

describe("completions of several callers", () => {
  const claimed = async (count: number): Promise<readonly string[]> => {
    const job = { tenantId: "acme", queue: "q", type: "t", payload: "{}", priority: 0, maxAttempts: 3, tags: [] };
    await store.createJobs(Array.from({ length: count }, () => job));
    const jobs = await store.claimJobs({ limit: count, leaseMs: 60_000, worker: "w" });
    return jobs.map(({ leaseToken }) => leaseToken);
  };
  const item = (leaseToken: string, result: string | null = null) => ({ leaseToken, result });

  it("share statements, and each caller gets the outcomes of its own items", async () => {
    let statements = 0;
    const counting: Executor = {
      query: (statement, parameters) => {
        if (statement.name === "jobs.complete") statements++;
        return test.database.query(statement, parameters);
      },
    };
    const completer = createCompleter(counting);
    const tokens = await claimed(40);
    const answers = await Promise.all(
      tokens.map((token, n) => completer.complete(n % 4 === 0 ? [item(token), item("nonsense")] : [item(token)])),
    );
    expect(answers.map((outcomes) => outcomes.map(({ ok }) => ok))).toEqual(
      tokens.map((_, n) => (n % 4 === 0 ? [true, false] : [true])),
    );
    expect(statements).toBeLessThan(tokens.length / 2);
    await completer.idle();
  });

  it("don't fail because the database refuses what another caller brought", async () => {
    const tokens = await claimed(6);
    const completer = createCompleter(test.database);
    const answers = await Promise.allSettled(
      tokens.map((token, n) => completer.complete([item(token, n === 3 ? "no JSON" : "1")])),
    );
    expect(answers.map(({ status }) => status)).toEqual(tokens.map((_, n) => (n === 3 ? "rejected" : "fulfilled")));
    const fulfilled = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
    expect(fulfilled).toEqual(Array.from({ length: 5 }, () => ({ ok: true, status: "completed" })));
  });
});
