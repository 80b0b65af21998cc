import { Agent } from "node:http";
import { Readable } from "node:stream";

import { batchText, recordText } from "../events/records.ts";
import { type Answer, sendRequest } from "./send-request.ts";

/** A tenant that sends as much as it can. */
export interface FloodLoad {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The keys of its records begin with it. */
  readonly prefix: string;
  /** Callers that each send batches of so many, the next one as soon as they have an answer; or one upload without end. */
  readonly how: { readonly callers: number; readonly batch: number } | "upload";
}

/** A flood that goes on until it is stopped. */
export interface Flood {
  /** How many events were accepted so far, as far as answers have told. */
  accepted(): number;
  /** Ends it, and waits for all answers. @throws Error when one was neither a success nor a refusal */
  stop(): Promise<void>;
}

const linesPerPart = 256;

/** Begins a flood. What is refused with 429 or 503 is not sent again, and the caller doesn't wait as it is asked to. */
export function startFlood({ url, headers, prefix, how }: FloodLoad): Flood {
  const agent = new Agent({ keepAlive: true });
  const ending = new AbortController();
  let next = 0;
  let accepted = 0;

  function count(answer: Answer): void {
    accepted += acceptedOf(answer);
  }

  async function call(batch: number): Promise<void> {
    while (!ending.signal.aborted) {
      const body = batchText(prefix, next, batch);
      next += batch;
      count(await sendRequest({ url, headers, agent }, "application/json", body));
    }
  }

  function* lines(): Generator<string> {
    while (!ending.signal.aborted) {
      let part = "";
      for (let n = 0; n < linesPerPart; n++) part += `${recordText(prefix, next++)}\n`;
      yield part;
    }
  }

  async function upload(): Promise<void> {
    const body = Readable.from(lines());
    count(await sendRequest({ url, headers }, "application/x-ndjson", body));
  }

  const running = how === "upload" ? upload() : Promise.all(Array.from({ length: how.callers }, () => call(how.batch)));
  // What it rejects with is for whoever stops it.
  running.catch(() => undefined);
  return {
    accepted: () => accepted,
    async stop() {
      ending.abort();
      await running;
      agent.destroy();
    },
  };
}

function acceptedOf({ status, text }: Answer): number {
  if (status === 429 || status === 503) return 0;
  const { acceptedCount } = JSON.parse(text) as { readonly acceptedCount?: number };
  if (status !== 202 || acceptedCount === undefined) throw new Error(`A flood was answered ${status}: ${text}`);
  return acceptedCount;
}
