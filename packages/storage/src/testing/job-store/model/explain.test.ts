import { expect, test } from "vitest";

import { type JobStatus, transitions } from "@millrace/contract";

import { explain } from "./explain.ts";
import type { Exchange, JobSpec } from "./operation.ts";
import { type ModelState, emptyState, moved } from "./state.ts";
import { step } from "./step.ts";
import { viewOf } from "./view.ts";

const spec: JobSpec = {
  tenantId: "model-a",
  queue: "x",
  type: "t",
  priority: 0,
  maxAttempts: 3,
  delayMs: 0,
  retryDelayMs: 0,
  payload: 1,
  key: null,
  hash: "h",
  concurrencyKey: null,
};

const create: Exchange = {
  operation: { kind: "create", spec },
  answer: { kind: "created", jobs: [{ id: "job", duplicate: false }] },
};

const claim = (
  worker: string,
  ...claimed: readonly { readonly fence: number; readonly attempts: number }[]
): Exchange => ({
  operation: { kind: "claim", worker, limit: 1, leaseMs: 1_000, tenantId: null, queues: null, types: null },
  answer: {
    kind: "claimed",
    jobs: claimed.map((one) => ({
      ...one,
      id: "job",
      token: `${worker} ${one.fence}`,
      status: "running",
      lockedBy: worker,
      payload: 1,
    })),
  },
});

const cancel: Exchange = {
  operation: { kind: "cancel", ref: { tenantId: "model-a", id: "job" } },
  answer: { kind: "done" },
};
const complete = (token: string, ok: boolean, status: string): Exchange => ({
  operation: { kind: "complete", tokens: [token], result: 1 },
  answer: { kind: "written", items: [{ ok, status }] },
});

/** The state after exchanges that had the store to themselves. */
const after = (...exchanges: readonly Exchange[]): ModelState =>
  exchanges.reduce<ModelState>((state, exchange) => step(state, exchange, { alone: true })[0]!, emptyState());

test("calls at the same time are explained by an order of them, whatever the order they are listed in", () => {
  const first = { fence: 1, attempts: 1 };
  const running = after(create, claim("w1", first));
  const cancelledFirst = [complete("w1 1", false, "cancelled"), cancel];
  const observed = viewOf(after(create, claim("w1", first), cancel));
  expect(explain(running, cancelledFirst, observed)).toBeDefined();
  expect(explain(running, cancelledFirst.toReversed(), observed)).toBeDefined();
});

test("a job that two claims got, a completion and a cancellation that both won, and an answer that doesn't show are explained by none", () => {
  const first = { fence: 1, attempts: 1 };
  const pending = after(create);
  const running = after(create, claim("w1", first));
  expect(explain(pending, [claim("w1", first), claim("w2", first)], viewOf(running))).toBeUndefined();
  expect(
    explain(running, [complete("w1 1", true, "completed"), cancel], viewOf(after(create, cancel))),
  ).toBeUndefined();
  expect(explain(pending, [cancel], viewOf(pending))).toBeUndefined();
});

test("a claim alone that comes back with nothing is wrong while there is a job, and right among others", () => {
  const pending = after(create);
  const none = claim("w1");
  expect(step(pending, none, { alone: true })).toEqual([]);
  expect(step(pending, none, { alone: false })).toEqual([pending]);
});

test("the model moves a job only where the contract's state machine does", () => {
  const [job] = after(create).jobs.values();
  for (const [status, events] of Object.entries(transitions)) {
    for (const event of [
      "claim",
      "complete",
      "fail",
      "exhaust",
      "snooze",
      "release",
      "rescue",
      "cancel",
      "retry",
    ] as const) {
      expect(moved({ ...job!, status: status as JobStatus }, event)?.status).toBe(events[event]);
    }
  }
});
