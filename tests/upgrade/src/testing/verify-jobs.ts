import { expect } from "vitest";

import type { JobJson, MillraceClient } from "@millrace/client";
import { type CheckOptions, type Observed, checkHistory } from "@millrace/e2e/history";
import { type Stage, recordedTypes } from "@millrace/e2e/processes";

import type { Producer } from "./start-producer.ts";
import type { Receiver } from "./start-receiver.ts";

export interface VerifyOptions extends CheckOptions {
  readonly producer: Producer;
  readonly receiver: Receiver;
}

const types: readonly string[] = recordedTypes;

/** Expects of every acknowledged job that it ran, that it is at the one end it had to come to, and that lists and counts agree on it. */
export async function verifyJobs(
  { history }: Stage,
  client: MillraceClient,
  { producer, receiver, ...options }: VerifyOptions,
): Promise<void> {
  const jobs = await Array.fromAsync(client.jobs.all({ queue: "default", limit: 500 }));
  const observed = jobs.filter(({ type }) => types.includes(type)).map(observedOf);
  const events = history.read();
  expect(checkHistory([...events, ...observed], { everyAttemptRuns: false, ...options })).toEqual([]);
  const ran = new Set(events.flatMap(({ kind, jobId }) => (kind === "started" ? [jobId] : [])));
  expect(observed.filter(({ jobId, status }) => status !== "cancelled" && !ran.has(jobId))).toEqual([]);

  const statuses = new Map(jobs.map(({ id, status }) => [id, status]));
  const called = receiver.callers();
  expect(producer.calls().filter((id) => statuses.get(id) !== "completed" || !called.has(id))).toEqual([]);
  const listed = Object.entries(Object.groupBy(jobs, ({ status }) => status)).map(([status, of]) => [
    status,
    of.length,
  ]);
  expect((await client.queues.get("default")).counts).toMatchObject(Object.fromEntries(listed));
}

function observedOf({ id, status, attempts, result }: JobJson): Observed {
  return { kind: "observed", jobId: id, status, attempts, finishedBy: result as Observed["finishedBy"] };
}
