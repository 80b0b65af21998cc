import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { TracerProvider } from "@opentelemetry/sdk-trace";

import { batchSpans } from "./batch-spans.ts";
import { createExporter } from "./create-exporter.ts";
import { createIdGenerator } from "./id-generator.ts";
import { createSampler } from "./sampler.ts";
import type { Tracing, TracingOptions } from "./start-tracing.ts";
import { tellOutages } from "./tell-outages.ts";

/** Names and paths that callers choose can be as long as a header. */
const attributeCharactersMax = 1_024;
/** The exporter gives up first, so that its own error is the one that is told. */
const exporterFirstMs = 1_000;
const closeMsDefault = 3_000;

/** Makes OpenTelemetry's SDK the provider of the process; see `startTracing`. */
export function registerProvider(options: TracingOptions & { readonly endpoint: string }): Tracing {
  const { service, version, endpoint, headers, exportTimeoutMs, closeMs = closeMsDefault, logger } = options;
  const url = `${endpoint.replace(/\/+$/, "")}/v1/traces`;
  const exporter = createExporter({ url, headers, timeoutMs: exportTimeoutMs });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      "service.name": service,
      "service.version": version,
      "service.instance.id": randomUUID(),
    }),
    sampler: createSampler(options),
    idGenerator: createIdGenerator(),
    spanLimits: { attributeValueLengthLimit: attributeCharactersMax },
    spanProcessors: [
      batchSpans({
        exporter: tellOutages(exporter, { url, logger }),
        url,
        logger,
        exportTimeoutMs: exportTimeoutMs + exporterFirstMs,
      }),
    ],
  });
  if (!trace.setGlobalTracerProvider(provider)) {
    logger.warn({ url }, "Something else in this process traces already; spans go where it sends them");
    return { close: () => provider.shutdown() };
  }
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  return {
    async close() {
      const over = new AbortController();
      const limit = delay(closeMs, undefined, { signal: over.signal }).catch(() => {});
      // What fails has been told by then.
      await Promise.race([provider.shutdown().catch(() => {}), limit]);
      over.abort();
      trace.disable();
      context.disable();
    },
  };
}
