import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import type { Stage } from "./stage.ts";

/** A span as it was exported. */
export interface ExportedSpan {
  /** `service.name` of the process. */
  readonly service: string;
  readonly name: string;
  readonly kind: "internal" | "server" | "client" | "producer" | "consumer";
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly failed: boolean;
}

/** Takes traces over OTLP/HTTP as JSON. */
export interface Collector {
  readonly url: string;
  spans(): readonly ExportedSpan[];
  /** Everything that was posted, as text. */
  received(): string;
  /** The headers of each export. */
  headers(): readonly Readonly<Record<string, unknown>>[];
}

interface KeyValue {
  readonly key: string;
  readonly value: {
    readonly stringValue?: string;
    readonly intValue?: number | string;
    readonly doubleValue?: number;
    readonly boolValue?: boolean;
  };
}

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: readonly KeyValue[];
  readonly status: { readonly code?: number };
}

interface OtlpTraces {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

const kinds = ["internal", "internal", "server", "client", "producer", "consumer"] as const;
const failedCode = 2;

/** Starts a collector, which goes with the stage. */
export async function startCollector(stage: Stage): Promise<Collector> {
  const bodies: string[] = [];
  const headers: Readonly<Record<string, unknown>>[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (part: string) => (body += part));
    request.on("end", () => {
      const isExport = request.method === "POST" && request.url === "/v1/traces";
      if (isExport) {
        bodies.push(body);
        headers.push(request.headers);
      }
      response.writeHead(isExport ? 200 : 404, { "content-type": "application/json" }).end("{}");
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  stage.own({
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: () => bodies.flatMap((body) => spansOf(JSON.parse(body) as OtlpTraces)),
    received: () => bodies.join("\n"),
    headers: () => headers,
  };
}

function spansOf({ resourceSpans }: OtlpTraces): readonly ExportedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(valuesOf(resource.attributes)["service.name"]);
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => spanOf(service, span)));
  });
}

function spanOf(service: string, span: OtlpSpan): ExportedSpan {
  const { traceId, spanId, parentSpanId, name } = span;
  return {
    service,
    name,
    kind: kinds[span.kind] ?? "internal",
    traceId,
    spanId,
    parentId: parentSpanId === "" ? undefined : parentSpanId,
    attributes: valuesOf(span.attributes),
    failed: span.status.code === failedCode,
  };
}

function valuesOf(attributes: readonly KeyValue[]): Readonly<Record<string, string | number | boolean>> {
  return Object.fromEntries(
    attributes.map(({ key, value: { stringValue, intValue, doubleValue, boolValue } }) => [
      key,
      stringValue ?? (intValue === undefined ? (doubleValue ?? boolValue ?? "") : Number(intValue)),
    ]),
  );
}
