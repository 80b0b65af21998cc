/** How to reach a Millrace API. */
export interface ClientOptions {
  /** Where the API is, such as `https://millrace.example.com`. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** How long one HTTP request may take; default 30,000. */
  readonly timeoutMs?: number;
  /** How often a request is sent again after a failure that a repetition can mend; default 3, 0 for never. */
  readonly retriesMax?: number;
  /** The fetch to use; default the global one. */
  readonly fetch?: typeof fetch;
  /** Headers for every request, such as `traceparent`. */
  readonly headers?: () => Readonly<Record<string, string>>;
}

export interface CallOptions {
  /** Aborts the call. */
  readonly signal?: AbortSignal;
}
