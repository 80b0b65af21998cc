import { z } from "zod";

import { defineSection, keyNotes } from "./section.ts";
import { checkedText, durationMs, flag, fraction, listOf, text } from "./values.ts";

const second = 1_000;

/** As `OTEL_EXPORTER_OTLP_HEADERS` has them: what a list would divide at, such as a comma, is percent-encoded; spaces around `=` don't count. */
const header = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+ *= *[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/)
  .refine((entry) => decode(entry) !== undefined)
  .transform((entry): readonly [name: string, value: string] => {
    const at = entry.indexOf("=");
    return [entry.slice(0, at).trim().toLowerCase(), decode(entry.slice(at + 1).trim()) ?? ""];
  });

const tracing = z.strictObject({
  endpoint: checkedText(isCollectorUrl, "a URL such as http://collector:4318, without user, query and fragment")
    .optional()
    .register(keyNotes, {
      description:
        "Base URL of an OpenTelemetry collector that takes OTLP over HTTP; spans are posted to `/v1/traces` below it. Unset means that nothing is traced. What `OTEL_EXPORTER_OTLP_ENDPOINT` has for other protocols, such as `collector:4317`, is passed over with a warning.",
      platformName: "OTEL_EXPORTER_OTLP_ENDPOINT",
      platformIsShared: true,
    }),
  headers: listOf(header, "entries of the form name=value, with percent-encoded values")
    .default([])
    .register(keyNotes, {
      description: "Headers of each export, such as a collector's token.",
      secret: true,
      platformName: "OTEL_EXPORTER_OTLP_HEADERS",
      platformIsShared: true,
    }),
  sampleRatio: fraction().default(1).register(keyNotes, {
    description:
      "Part of the traces that is recorded, chosen by the trace id. Give all processes the same, so that traces are whole.",
  }),
  exportTimeoutMs: durationMs({ min: 100, max: 60 * second })
    .default(10 * second)
    .register(keyNotes, { description: "Deadline of one export, its retries included." }),
});

/** What processes tell of themselves besides logs. */
export const telemetry = defineSection({
  description: "Traces and metrics, and the name under which a process tells of itself.",
  schema: z.strictObject({
    serviceName: text(/^[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?$/, "1 to 128 printable ASCII characters")
      .optional()
      .register(keyNotes, {
        description:
          "Name of the process in traces, `service.name`; unset means `millrace-api`, `millrace-worker` or `millrace-dev`.",
        platformName: "OTEL_SERVICE_NAME",
        platformIsShared: true,
      }),
    metrics: flag().default(true).register(keyNotes, {
      description: "Whether `/v1/metrics` of the API and `/metrics` of the worker answer; they ask for no key.",
    }),
    tracing,
  }),
  rules: [],
});

function isCollectorUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password, search, hash } = new URL(value);
  return /^https?:$/.test(protocol) && [username, password, search, hash].every((part) => part === "");
}

function decode(value: string): string | undefined {
  try {
    const decoded = decodeURIComponent(value);
    return /^[\x20-\x7e]*$/.test(decoded) ? decoded : undefined;
  } catch {
    return undefined;
  }
}
