import { once } from "node:events";
import { request } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { batchText, recordText } from "../events/records.ts";
import { percentile } from "../percentiles.ts";
import { serve } from "../remote.ts";
import { sendAll } from "../send-all.ts";

/** Requests that each bring records of their own. */
export interface IngestLoad {
  readonly url: string;
  /** Headers of each tenant; requests go round them. */
  readonly tenants: readonly Readonly<Record<string, string>>[];
  readonly connections: number;
  readonly requests: number;
  readonly batch: number;
}

/** Uploads of NDJSON that run at the same time. */
export interface UploadLoad extends Omit<IngestLoad, "batch" | "connections" | "requests"> {
  readonly uploads: number;
  readonly records: number;
}

const prefix = `${process.pid.toString(36)}-`;
const linesPerChunk = 256;
let next = 0;

const verbs = {
  /** Sends all requests, each connection its next one when it has an answer. @throws Error when one is no success */
  async post({ url, tenants, connections, requests, batch }: IngestLoad) {
    const { seconds, tookMs } = await sendAll(
      {
        url,
        method: "POST",
        connections,
        requests: tenants.map((headers) => ({
          headers: { ...headers, "content-type": "application/json" },
          setupRequest(made) {
            made.body = batchText(prefix, next, batch);
            next += batch;
            return made;
          },
        })),
      },
      requests,
    );
    return { seconds, ...latencies(tookMs) };
  },
  /** Uploads streams at the same time, each to the next tenant. @throws Error when one is no success */
  async upload({ url, tenants, uploads, records }: UploadLoad) {
    const startMs = performance.now();
    const took = await Promise.all(
      Array.from({ length: uploads }, async (_, nth) => {
        await uploadOnce(url, tenants[nth % tenants.length] ?? {}, records);
        return performance.now() - startMs;
      }),
    );
    return { seconds: (performance.now() - startMs) / 1_000, ...latencies(took) };
  },
};

function latencies(took: readonly number[]) {
  return { p50Ms: percentile(took, 0.5), p95Ms: percentile(took, 0.95), p99Ms: percentile(took, 0.99) };
}

async function uploadOnce(url: string, headers: Readonly<Record<string, string>>, records: number): Promise<void> {
  const call = request(url, { method: "POST", headers: { ...headers, "content-type": "application/x-ndjson" } });
  const answered = once(call, "response");
  await pipeline(Readable.from(lines(records)), call);
  const [answer] = (await answered) as [NodeJS.ReadableStream & { readonly statusCode?: number }];
  let text = "";
  for await (const part of answer) text += part.toString();
  const told = JSON.parse(text) as { readonly acceptedCount?: number };
  if (told.acceptedCount !== records) throw new Error(`An upload was answered ${answer.statusCode}: ${text}`);
}

function* lines(records: number): Generator<string> {
  for (let left = records; left > 0; left -= linesPerChunk) {
    let chunk = "";
    for (let n = Math.min(left, linesPerChunk); n > 0; n--) chunk += `${recordText(prefix, next++)}\n`;
    yield chunk;
  }
}

export type IngestLoadVerbs = typeof verbs;

serve(verbs);
