import autocannon from "autocannon";

import { serve } from "../remote.ts";

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
    const startMs = performance.now();
    const result = await autocannon({ url, method: "POST", headers, body, connections, amount: requests });
    const seconds = (performance.now() - startMs) / 1_000;
    if (result["2xx"] !== requests) {
      const { "2xx": good, non2xx, errors, timeouts } = result;
      throw new Error(
        `Of ${requests} requests ${good} succeeded, ${non2xx} did not, ${errors} broke, ${timeouts} were late`,
      );
    }
    return { seconds, p50Ms: result.latency.p50, p99Ms: result.latency.p99 };
  },
};

export type LoadVerbs = typeof verbs;

serve(verbs);
