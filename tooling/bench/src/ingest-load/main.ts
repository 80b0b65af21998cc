import { Readable } from "node:stream";

import { batchText, recordText } from "../events/records.ts";
import { serve } from "../remote.ts";
import { sendAll } from "../send-all.ts";
import { type Flood, type FloodLoad, startFlood } from "./flood.ts";
import { latencies } from "./latencies.ts";
import { type Pace, pace } from "./pace.ts";
import { sendRequest } from "./send-request.ts";

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
let flood: Flood | undefined;

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
  /** Sends single events at a pace. @throws Error when one is no success */
  pace: (load: Omit<Pace, "prefix">) => pace({ ...load, prefix: `${prefix}${next++}-` }),
  /** Begins to send as much as it can. */
  flood(load: Omit<FloodLoad, "prefix">) {
    flood = startFlood({ ...load, prefix });
  },
  /** Ends the flood; how many events were accepted. @throws Error when it was answered otherwise */
  async ebb() {
    await flood?.stop();
    return flood?.accepted() ?? 0;
  },
};

async function uploadOnce(url: string, headers: Readonly<Record<string, string>>, records: number): Promise<void> {
  const { status, text } = await sendRequest({ url, headers }, "application/x-ndjson", Readable.from(lines(records)));
  const told = JSON.parse(text) as { readonly acceptedCount?: number };
  if (told.acceptedCount !== records) throw new Error(`An upload was answered ${status}: ${text}`);
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
