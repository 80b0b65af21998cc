import { type ErrorCode, errorCatalogue, problemSchema } from "@millrace/contract";

import { MillraceApiError } from "./error.ts";
import type { CallOptions, ClientOptions } from "./options.ts";

export interface ApiRequest {
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** Path with its query, such as `/v1/jobs?limit=10`. */
  readonly path: string;
  readonly body?: unknown;
  /** A body that is text already; JSON unless a header says otherwise. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** True when sending it twice does no more than sending it once. */
  readonly repeatable: boolean;
  /** Longer than the client's timeout for a call that waits on purpose. */
  readonly timeoutMs?: number;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Sends one request and answers its body; repeats it where that is safe and can help. @throws MillraceApiError */
export type Transport = (request: ApiRequest, options?: CallOptions) => Promise<ApiAnswer>;

/** Opens a stream: its answer is read as it comes. @throws MillraceApiError */
export type OpenStream = (path: string, options: StreamOptions) => Promise<Response>;

export interface StreamOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Sent as JSON by POST; without it the request is a GET. */
  readonly body?: unknown;
  /** How long the head of the answer may take; default the client's timeout. */
  readonly timeoutMs?: number | undefined;
}

export const retriesMaxDefault = 3;
const backoffFirstMs = 200;
const backoffMaxMs = 10_000;
/** A server that asks for more patience than this gets none: the caller decides. */
const retryAfterMaxMs = 60_000;

/** Makes the one way in which requests are sent. */
export function createTransport(options: ClientOptions): Transport {
  const baseUrl = options.baseUrl.replace(/\/+$/, "");
  const timeoutMs = options.timeoutMs ?? 30_000;
  const retriesMax = options.retriesMax ?? retriesMaxDefault;
  const send = options.fetch ?? fetch;

  const once = async (request: ApiRequest, signal: AbortSignal | undefined): Promise<ApiAnswer> => {
    const sent = request.text ?? (request.body === undefined ? undefined : JSON.stringify(request.body));
    const deadline = AbortSignal.timeout(request.timeoutMs ?? timeoutMs);
    try {
      const response = await send(baseUrl + request.path, {
        method: request.method,
        headers: {
          accept: "application/json",
          authorization: `Bearer ${options.apiKey}`,
          ...(sent === undefined ? {} : { "content-type": "application/json" }),
          ...options.headers?.(),
          ...request.headers,
        },
        ...(sent === undefined ? {} : { body: sent }),
        signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
      });
      const text = await response.text();
      if (!response.ok) throw refusal(response, text);
      return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
    } catch (error) {
      if (error instanceof MillraceApiError) throw error;
      signal?.throwIfAborted();
      const why = deadline.aborted ? "did not answer in time" : "could not be reached";
      throw new MillraceApiError(`${baseUrl} ${why}.`, { code: "NO_ANSWER", status: 0, retryable: true, cause: error });
    }
  };

  return async (request, { signal } = {}) => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await once(request, signal);
      } catch (error) {
        if (!(error instanceof MillraceApiError) || attempt >= retriesMax || !canRepeat(request, error)) throw error;
        await pause(waitMs(error, attempt), signal);
      }
    }
  };
}

/** Makes the way in which streams are opened; the client's timeout holds for the head of the answer alone. */
export function createOpenStream(options: ClientOptions): OpenStream {
  const baseUrl = options.baseUrl.replace(/\/+$/, "");
  const send = options.fetch ?? fetch;
  return async (path, { headers, signal, body, timeoutMs }) => {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), timeoutMs ?? options.timeoutMs ?? 30_000);
    try {
      const response = await send(baseUrl + path, {
        headers: {
          accept: "text/event-stream",
          authorization: `Bearer ${options.apiKey}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...options.headers?.(),
          ...headers,
        },
        ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
        signal: AbortSignal.any([signal, late.signal]),
      });
      if (!response.ok) throw refusal(response, await response.text());
      return response;
    } catch (error) {
      if (error instanceof MillraceApiError) throw error;
      signal.throwIfAborted();
      const why = late.signal.aborted ? "did not answer in time" : "could not be reached";
      throw new MillraceApiError(`${baseUrl} ${why}.`, { code: "NO_ANSWER", status: 0, retryable: true, cause: error });
    } finally {
      clearTimeout(timer);
    }
  };
}

/** A refusal before any work (429, 503) may always be repeated; where the work may be done, only what does nothing more the second time. */
export function canRepeat(request: Pick<ApiRequest, "repeatable">, error: MillraceApiError): boolean {
  if ((retryAfterMs.get(error) ?? 0) > retryAfterMaxMs) return false;
  return error.retryable && (request.repeatable || isRefusal(error));
}

/** The server marks a 503 whose change may have been saved: its database went away before it answered. */
function isRefusal({ status, problem }: MillraceApiError): boolean {
  return (status === 429 || status === 503) && problem?.["outcome"] !== "unknown";
}

function refusal(response: Response, text: string): MillraceApiError {
  const problem = problemSchema.safeParse(parsed(text)).data;
  const code = problem !== undefined && problem.code in errorCatalogue ? (problem.code as ErrorCode) : "INTERNAL";
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  const error = new MillraceApiError(problem?.detail ?? `The API answered ${response.status}.`, {
    code,
    status: response.status,
    retryable: problem?.retryable ?? response.status >= 500,
    problem,
  });
  if (Number.isFinite(seconds)) retryAfterMs.set(error, seconds * 1_000);
  return error;
}

const retryAfterMs = new WeakMap<MillraceApiError, number>();

/** What the server asked for, else exponential backoff with full jitter. */
export function waitMs(error: MillraceApiError, attempt: number): number {
  return retryAfterMs.get(error) ?? Math.random() * Math.min(backoffMaxMs, backoffFirstMs * 2 ** attempt);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Waits; rejects with the signal's reason when that fires. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", abort, { once: true });
  });
}
