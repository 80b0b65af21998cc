import { Client, type Dispatcher } from "undici";

import { NonRetryableError } from "../attempt-errors.ts";
import type { AddressPolicy } from "./address-policy.ts";
import { createGuardedConnector, type Resolve } from "./guarded-connector.ts";
import { inClientSpan } from "./in-client-span.ts";
import { type OutgoingRequest, redirected } from "./redirect.ts";

export interface SendOptions {
  readonly allows: AddressPolicy;
  readonly resolve: Resolve;
  readonly timeoutMs: number;
  readonly responseBytesMax: number;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData["headers"];
  readonly body: Buffer;
  /** True when there was more body than is kept. */
  readonly truncated: boolean;
}

const redirectsMax = 5;
const headerBytesMax = 16 * 1_024;

/** Sends a request and follows its redirects, each hop guarded alike, within one deadline. */
export async function send(first: OutgoingRequest, options: SendOptions): Promise<Answer> {
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const signal = AbortSignal.any([options.signal, deadline]);
  let request = first;
  for (let redirects = 0; redirects <= redirectsMax; redirects++) {
    const once = (traced: OutgoingRequest) => sendOnce(traced, { ...options, signal });
    const answer = await inClientSpan(request, redirects, once).catch((error: unknown) => {
      if (options.signal.aborted) throw options.signal.reason;
      if (deadline.aborted) throw new Error(`No complete answer within ${options.timeoutMs} ms`);
      throw error;
    });
    const { location } = answer.headers;
    const next = redirected(request, answer.status, Array.isArray(location) ? location[0] : location);
    if (next === undefined) return answer;
    request = next;
  }
  throw new NonRetryableError(`More than ${redirectsMax} redirects`);
}

/** One exchange on a connection of its own: none is shared between jobs, so none between tenants. */
async function sendOnce(request: OutgoingRequest, options: SendOptions): Promise<Answer> {
  const { method, url, headers, body } = request;
  const { allows, resolve, timeoutMs, responseBytesMax, signal } = options;
  const client = new Client(url.origin, {
    connect: createGuardedConnector(allows, resolve, timeoutMs),
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxHeaderSize: headerBytesMax,
    pipelining: 0,
  });
  try {
    const response = await client.request({
      method,
      path: `${url.pathname}${url.search}`,
      headers,
      body: body ?? null,
      signal,
    });
    return {
      status: response.statusCode,
      headers: response.headers,
      ...(await readBody(response.body, responseBytesMax)),
    };
  } finally {
    await client.destroy();
  }
}

async function readBody(body: AsyncIterable<Buffer>, bytesMax: number): Promise<Pick<Answer, "body" | "truncated">> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    // Leaving the loop destroys the stream: what isn't kept isn't read.
    if (bytes > bytesMax) break;
  }
  return { body: Buffer.concat(chunks).subarray(0, bytesMax), truncated: bytes > bytesMax };
}
