import { Webhook } from "standardwebhooks";

import { currentTrace } from "@millrace/telemetry";

import { NonRetryableError, RetryAfterError } from "../attempt-errors.ts";
import { defineJob, type JobDefinition } from "../define-job.ts";
import { createAddressPolicy } from "./address-policy.ts";
import { resultOf, textOf } from "./answer-result.ts";
import { type Resolve, resolveBySystem } from "./guarded-connector.ts";
import { httpRequestPayload, type HttpRequestPayload } from "./payload.ts";
import type { OutgoingRequest } from "./redirect.ts";
import { retryAfterMs } from "./retry-after.ts";
import { type Answer, send } from "./send.ts";

export interface HttpRequestOptions {
  /** Networks (CIDR) to allow besides public addresses; default none. */
  readonly allowPrivateNetworks?: readonly string[] | undefined;
  /** Deadline of one attempt, redirects included; default 30,000. */
  readonly timeoutMs?: number | undefined;
  /** How much of a response body is kept; default 64 KiB. */
  readonly responseBytesMax?: number | undefined;
  /** Signs requests after the Standard Webhooks scheme: `whsec_` and base64. */
  readonly signingSecret?: string | undefined;
  /** How names become addresses; default the system's way. */
  readonly resolve?: Resolve | undefined;
}

const bodyShownCharacters = 2_000;

/**
 * The built-in job type `http.request`: sends a request, and completes with what a 2xx answered. 408, 429, 5xx and network errors are tried
 * again (when Retry-After says so, then); any other answer kills the job. @throws VALIDATION_FAILED for options that are wrong
 */
export function createHttpRequestJob(options: HttpRequestOptions = {}): JobDefinition<typeof httpRequestPayload> {
  const { timeoutMs = 30_000, responseBytesMax = 64 * 1_024, resolve = resolveBySystem } = options;
  const allows = createAddressPolicy(options.allowPrivateNetworks ?? []);
  const signer = options.signingSecret === undefined ? undefined : new Webhook(options.signingSecret);

  return defineJob({
    type: "http.request",
    input: httpRequestPayload,
    async handler({ job, payload, signal }) {
      const request = outgoing(payload, job.id, signer);
      const answer = await send(request, { allows, resolve, timeoutMs, responseBytesMax, signal });
      if (answer.status >= 200 && answer.status < 300) return resultOf(answer);
      throw failureOf(request, answer);
    },
  });
}

function outgoing(
  { method, url, headers = {}, body }: HttpRequestPayload,
  jobId: string,
  signer: Webhook | undefined,
): OutgoingRequest {
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const trace = currentTrace();
  return {
    method: method ?? (body === undefined ? "GET" : "POST"),
    url: new URL(url),
    headers: {
      accept: "*/*",
      "user-agent": "Millrace",
      ...(text === undefined ? {} : { "content-type": contentType(body) }),
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
      "accept-encoding": "identity",
      ...(trace === undefined ? {} : { traceparent: trace.traceparent, "x-trace-id": trace.traceId }),
      ...(signer === undefined ? {} : signature(signer, jobId, text ?? "")),
    },
    body: text,
  };
}

function contentType(body: unknown): string {
  return typeof body === "string" ? "text/plain; charset=utf-8" : "application/json";
}

/** The id is the job's, so that a receiver knows an attempt that it has seen; the timestamp is this attempt's. */
function signature(signer: Webhook, jobId: string, body: string): Readonly<Record<string, string>> {
  const now = new Date();
  return {
    "webhook-id": jobId,
    "webhook-timestamp": String(Math.floor(now.getTime() / 1_000)),
    "webhook-signature": signer.sign(jobId, now, body),
  };
}

function failureOf({ method, url }: OutgoingRequest, answer: Answer): Error {
  // Paths and queries of web hooks are often secrets, and messages are logged.
  const message = `${method} ${url.origin} answered ${answer.status}`;
  const error = mayPass(answer.status) ? transient(message, answer) : new NonRetryableError(message);
  // Kept with the job, not logged: what the server said helps more than our stack.
  error.stack = `${message}\n${textOf(answer).slice(0, bodyShownCharacters)}`;
  return error;
}

function mayPass(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

function transient(message: string, { headers }: Answer): Error {
  const { "retry-after": header } = headers;
  const waitMs = retryAfterMs(Array.isArray(header) ? header[0] : header, Date.now());
  return waitMs === undefined ? new Error(message) : new RetryAfterError(waitMs, message);
}
