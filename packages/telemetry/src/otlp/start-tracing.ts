import type { Logger } from "../logs/create-logger.ts";

export interface TracingOptions {
  /** `service.name`. */
  readonly service: string;
  /** `service.version`. */
  readonly version: string;
  /** Base URL of a collector that takes OTLP over HTTP; spans go to `/v1/traces` below it. Without it nothing is traced. */
  readonly endpoint?: string | undefined;
  /** Headers of each export, such as a collector's token. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Which part of the traces is recorded, from 0 to 1. */
  readonly sampleRatio: number;
  readonly exportTimeoutMs: number;
  /** How long `close` may take; default 3,000: a process that stops has other things to do than to wait for a collector. */
  readonly closeMs?: number | undefined;
  /**
   * Whether whoever sends a `traceparent` decides that it is recorded. False where strangers call: then the ratio decides, by the trace
   * id. "Not recorded" is heeded from everybody.
   */
  readonly trustsCallers: boolean;
  readonly logger: Logger;
}

export interface Tracing {
  /** Sends what is left, for `closeMs` at most, and ends all tracing of the process. */
  close(): Promise<void>;
}

/**
 * Traces this process and exports its spans, if an endpoint is given; once in a process. OpenTelemetry's SDK is loaded only then. A collector
 * that doesn't answer holds nothing up: spans are dropped, and the log says so once.
 */
export async function startTracing(options: TracingOptions): Promise<Tracing> {
  const { endpoint } = options;
  if (endpoint === undefined) return { close: async () => {} };
  const { registerProvider } = await import("./register-provider.ts");
  return registerProvider({ ...options, endpoint });
}
