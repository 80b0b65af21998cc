import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

import { batchText } from "../events/records.ts";
import { percentile } from "../percentiles.ts";
import { serve } from "../remote.ts";

export interface SteadyTarget {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly seconds: number;
}

/** Requests at fixed times, whether the ones before them are answered or not. */
export interface RateLoad extends SteadyTarget {
  readonly batch: number;
  readonly requestsPerSecond: number;
  /** Besides, so many single events a second whose request waits until they can be queried. */
  readonly probesPerSecond: number;
}

/** As many requests as are answered, while no more than `backlogMax` events wait to be written. */
export interface FloodLoad extends SteadyTarget {
  readonly batch: number;
  readonly connections: number;
  readonly lagUrl: string;
  readonly backlogMax: number;
}

const prefix = `${process.pid.toString(36)}-`;
const agent = new Agent({ keepAlive: true, maxSockets: 512 });
const lookMs = 25;
let next = 0;

const verbs = {
  async atRate({ url, headers, seconds, batch, requestsPerSecond, probesPerSecond }: RateLoad) {
    const acks: number[] = [];
    const visible: number[] = [];
    const send = async (dueMs: number) => {
      await post(url, headers, nextBatch(batch), 202);
      acks.push(performance.now() - dueMs);
    };
    const probe = async (dueMs: number) => {
      await post(url, headers, nextBatch(1, `,"waitForVisibility":true,"visibilityTimeoutMs":60000`), 200);
      visible.push(performance.now() - dueMs);
    };
    const startMs = performance.now();
    await Promise.all([
      atFixedTimes(startMs, seconds, requestsPerSecond, send),
      atFixedTimes(startMs, seconds, probesPerSecond, probe),
    ]);
    return {
      events: acks.length * batch + visible.length,
      // Until the last request was answered: who falls behind takes longer than was given.
      seconds: (performance.now() - startMs) / 1_000,
      ack: latencies(acks),
      visible: latencies(visible),
    };
  },
  async flood({ url, headers, seconds, batch, connections, lagUrl, backlogMax }: FloodLoad) {
    const endMs = performance.now() + seconds * 1_000;
    const acks: number[] = [];
    let backlog = 0;
    const isOver = () => performance.now() >= endMs;
    const look = async () => {
      while (!isOver()) {
        const answer = await fetch(lagUrl, { headers });
        backlog = ((await answer.json()) as { readonly pendingEvents: number }).pendingEvents;
        await delay(lookMs);
      }
    };
    const sendOn = async () => {
      while (!isOver()) {
        if (backlog > backlogMax) {
          await delay(lookMs);
          continue;
        }
        const sentMs = performance.now();
        await post(url, headers, nextBatch(batch), 202);
        acks.push(performance.now() - sentMs);
      }
    };
    await Promise.all([look(), ...Array.from({ length: connections }, sendOn)]);
    return { events: acks.length * batch, ack: latencies(acks) };
  },
};

function nextBatch(count: number, more = ""): string {
  const text = batchText(prefix, next, count, more);
  next += count;
  return text;
}

/** Calls at each due time, however long calls take; resolves when all of them have. */
async function atFixedTimes(
  startMs: number,
  seconds: number,
  perSecond: number,
  call: (dueMs: number) => Promise<void>,
): Promise<void> {
  const calls: Promise<void>[] = [];
  const count = Math.round(seconds * perSecond);
  while (calls.length < count) {
    const due = Math.min(count, Math.floor(((performance.now() - startMs) / 1_000) * perSecond) + 1);
    while (calls.length < due) {
      const called = call(startMs + (calls.length * 1_000) / perSecond);
      called.catch(() => {});
      calls.push(called);
    }
    await delay(1);
  }
  await Promise.all(calls);
}

function post(url: string, headers: SteadyTarget["headers"], body: string, expected: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = { ...headers, "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const call = request(url, { method: "POST", headers: sent, agent }, (answer) => {
      let text = "";
      answer.on("data", (part: Buffer) => (text += part.toString()));
      answer.on("error", reject);
      answer.on("end", () => {
        if (answer.statusCode === expected) resolve();
        else reject(new Error(`A request was answered ${answer.statusCode}: ${text.slice(0, 200)}`));
      });
    });
    call.on("error", reject);
    call.end(body);
  });
}

function latencies(took: readonly number[]) {
  if (took.length === 0) return { p50Ms: 0, p95Ms: 0, p99Ms: 0 };
  return { p50Ms: percentile(took, 0.5), p95Ms: percentile(took, 0.95), p99Ms: percentile(took, 0.99) };
}

export type SteadyLoadVerbs = typeof verbs;

serve(verbs);
