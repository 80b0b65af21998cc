import { Agent } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

import { batchText } from "../events/records.ts";
import { type Latencies, latencies } from "./latencies.ts";
import { sendRequest } from "./send-request.ts";

/** A tenant that sends one event after another at a pace of its own, however long the answers take. */
export interface Pace {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The keys of its records begin with it. */
  readonly prefix: string;
  readonly everyMs: number;
  readonly seconds: number;
}

/** Sends at that pace; how many requests, and how long each took. @throws Error when one is no success */
export async function pace({ url, headers, prefix, everyMs, seconds }: Pace): Promise<Latencies & { sent: number }> {
  const agent = new Agent({ keepAlive: true });
  const startMs = performance.now();
  const sending: Promise<number>[] = [];
  const sendOne = async (n: number): Promise<number> => {
    const sentMs = performance.now();
    const { status, text } = await sendRequest({ url, headers, agent }, "application/json", batchText(prefix, n, 1));
    if (status !== 202) throw new Error(`A calm tenant was answered ${status}: ${text}`);
    return performance.now() - sentMs;
  };
  const count = Math.ceil((seconds * 1_000) / everyMs);
  for (let n = 0; n < count; n++) {
    await delay(Math.max(0, startMs + n * everyMs - performance.now()));
    const one = sendOne(n);
    // What it rejects with is found below; until then it is nobody's.
    one.catch(() => undefined);
    sending.push(one);
  }
  const tookMs = await Promise.all(sending);
  agent.destroy();
  return { sent: count, ...latencies(tookMs) };
}
