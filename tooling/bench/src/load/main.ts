import { percentile } from "../percentiles.ts";
import { serve } from "../remote.ts";
import { sendAll } from "../send-all.ts";

/** Requests that are all alike. */
export interface HttpLoad {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly connections: number;
  readonly requests: number;
}

const verbs = {
  /** Sends all requests and waits for all answers. @throws Error when one is no success */
  async post({ url, headers, body, connections, requests }: HttpLoad) {
    const { seconds, tookMs } = await sendAll({ url, method: "POST", headers, body, connections }, requests);
    return { seconds, p50Ms: percentile(tookMs, 0.5), p99Ms: percentile(tookMs, 0.99) };
  },
};

export type LoadVerbs = typeof verbs;

serve(verbs);
