import type {
  ClaimRequest,
  ClaimResponse,
  CompleteRequest,
  FailRequest,
  HeartbeatRequest,
  HeartbeatResponse,
  LeaseResponse,
  ProgressRequest,
  ReleaseRequest,
  SnoozeRequest,
} from "@millrace/contract";

import type { CallOptions } from "./options.ts";
import type { Transport } from "./transport.ts";

/** How much longer than its wait a claim may take. */
const answerMsMax = 10_000;

/**
 * Working jobs of the key's tenant: claim them, keep their leases alive, say how they ended. Each item of a batch has an outcome of its own, in
 * input order; a lease that is lost is an outcome, not an error. Every call can throw MillraceApiError.
 */
export interface LeasesClient {
  /** Jobs to work on, each with its lease token. With `waitMs` it waits for the first ones to come; an aborted wait gets none. */
  claim(request: ClaimRequest, options?: CallOptions): Promise<ClaimResponse>;
  /** Extends leases; says of each whether its job was cancelled. */
  heartbeat(request: HeartbeatRequest, options?: CallOptions): Promise<HeartbeatResponse>;
  complete(items: CompleteRequest["items"], options?: CallOptions): Promise<LeaseResponse>;
  fail(items: FailRequest["items"], options?: CallOptions): Promise<LeaseResponse>;
  /** Puts jobs off; the attempts are given back. */
  snooze(items: SnoozeRequest["items"], options?: CallOptions): Promise<LeaseResponse>;
  /** Hands jobs back at once; the attempts are given back. */
  release(items: ReleaseRequest["items"], options?: CallOptions): Promise<LeaseResponse>;
  progress(items: ProgressRequest["items"], options?: CallOptions): Promise<LeaseResponse>;
}

/** The calls of `/v1/leases`. */
export function createLeasesClient(send: Transport): LeasesClient {
  const write = async <Answer>(verb: string, body: object, repeatable: boolean, options?: CallOptions) =>
    (await send({ method: "POST", path: `/v1/leases/${verb}`, body, repeatable }, options)).body as Answer;
  const writeItems = (verb: string, items: readonly object[], repeatable: boolean, options?: CallOptions) =>
    write<LeaseResponse>(verb, { items }, repeatable, options);

  return {
    async claim(request, options) {
      // A claim whose answer is lost is not sent again: its jobs stay leased, and another would take more.
      const timeoutMs = (request.waitMs ?? 0) + answerMsMax;
      const sent = { method: "POST", path: "/v1/leases/claim", body: request, repeatable: false, timeoutMs } as const;
      return (await send(sent, options)).body as ClaimResponse;
    },
    heartbeat: (request, options) => write<HeartbeatResponse>("heartbeat", request, true, options),
    complete: (items, options) => writeItems("complete", items, true, options),
    // Sent again, these would find their own lease gone and call it lost.
    fail: (items, options) => writeItems("fail", items, false, options),
    snooze: (items, options) => writeItems("snooze", items, false, options),
    release: (items, options) => writeItems("release", items, false, options),
    progress: (items, options) => writeItems("progress", items, true, options),
  };
}
