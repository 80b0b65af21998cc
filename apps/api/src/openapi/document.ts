import { OpenAPIHono, createRoute, z } from "@hono/zod-openapi";

import { errorCatalogue, type ErrorCode, problemSchema } from "@millrace/contract";

import type { Route, RouteAnswer } from "../http/route.ts";
import { version } from "../version.ts";

const description = `Durable jobs on PostgreSQL, over HTTP.

Every answer carries \`X-Trace-ID\`. Every error is an RFC 9457 problem with a stable \`code\`. Times are RFC 3339 in UTC, durations are
milliseconds, lists are \`{ items, nextCursor }\`. Unknown fields and query parameters are refused, except on health,
readiness, metrics and the documentation, which take no notice of a query. Bodies may be sent with \`Content-Encoding: gzip\`.`;

export type OpenApiDocument = Omit<ReturnType<OpenAPIHono["getOpenAPI31Document"]>, "webhooks">;

/** Builds the OpenAPI 3.1 document from the routes. */
export function openApiDocument(routes: readonly Route[]): OpenApiDocument {
  const app = new OpenAPIHono();
  const registry = app.openAPIRegistry;
  registry.registerComponent("securitySchemes", "bearer", {
    type: "http",
    scheme: "bearer",
    description: "An API key.",
  });
  registry.registerComponent("securitySchemes", "apiKey", { type: "apiKey", in: "header", name: "X-API-Key" });
  for (const route of routes) if (route.hidden !== true) registry.registerPath(describe(route));
  const { webhooks: _, ...document } = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Millrace",
      version,
      description,
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    servers: [{ url: "/" }],
    tags: [
      { name: "jobs", description: "Enqueue, look at and change jobs." },
      {
        name: "leases",
        description:
          "Work jobs from any language: claim, heartbeat, finish. Each item of a batch has an outcome of its own.",
      },
      { name: "queues", description: "Queues and how full they are." },
      { name: "schedules", description: "Jobs that come again and again, by cron expression." },
      { name: "schemas", description: "What payloads of a job type have to look like." },
      {
        name: "events",
        description: "Send events into tables, see how far they are, and mend what could not be written.",
      },
      { name: "tables", description: "Tables of events and the versions of their columns." },
      { name: "query", description: "Query tables with SQL, and the snapshots that queries run on." },
      { name: "maintenance", description: "Keep the files of tables in order, now." },
      { name: "keys", description: "API keys of the tenant." },
      { name: "audit", description: "Who did what." },
      { name: "system", description: "Health, metrics and this document; they need no key." },
    ],
  });
  return document;
}

/** Every code that a route can answer with: its own and those that follow from its kind. */
export function errorCodesOf(route: Route): readonly ErrorCode[] {
  const codes = new Set<ErrorCode>(route.errors);
  codes.add("INTERNAL");
  if (route.scope !== undefined) {
    for (const code of ["UNAUTHENTICATED", "FORBIDDEN", "VALIDATION_FAILED", "UNAVAILABLE"] as const) codes.add(code);
  }
  if (route.body !== undefined) {
    const ofBodies = ["MALFORMED_JSON", "UNSUPPORTED_MEDIA_TYPE", "PAYLOAD_TOO_LARGE", "REQUEST_TIMEOUT"] as const;
    for (const code of ofBodies) codes.add(code);
  }
  return [...codes];
}

function describe(route: Route) {
  const { method, path, scope, otherScopes = [], operationId, tag, summary, query, headers, body } = route;
  const params = [...path.matchAll(/\{(\w+)\}/g)].map(
    ([, name]) => [name ?? "", paramSchema(path, name ?? "")] as const,
  );
  return createRoute({
    method,
    path,
    operationId,
    tags: [tag],
    summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    security:
      scope === undefined ? [] : [scope, ...otherScopes].flatMap((one) => [{ bearer: [one] }, { apiKey: [one] }]),
    request: {
      ...(params.length === 0 ? {} : { params: z.object(Object.fromEntries(params)) }),
      ...(query === undefined ? {} : { query }),
      ...(headers === undefined ? {} : { headers }),
      ...(body === undefined
        ? {}
        : { body: { required: body.required, content: { "application/json": { schema: body.schema } } } }),
    },
    responses: { ...describeAnswers(route), ...describeErrors(route) },
  });
}

function paramSchema(path: string, name: string) {
  if (name !== "id") return z.string();
  return path.startsWith("/v1/snapshots/") ? z.int() : z.uuid();
}

function describeAnswers({ answers }: Route) {
  return Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, describeAnswer(answer)]));
}

function describeAnswer(answer: RouteAnswer) {
  const { schema, contentType = "application/json", otherContentTypes = [], headers = {} } = answer;
  const described = Object.entries({ "X-Trace-ID": "The trace of this request.", ...headers }).map(
    ([name, what]) => [name, { description: what, schema: { type: "string" as const } }] as const,
  );
  return {
    description: answer.description,
    headers: Object.fromEntries(described),
    ...(schema === undefined && answer.contentType === undefined
      ? {}
      : { content: { [contentType]: { schema: schema ?? z.string() }, ...asText(otherContentTypes) } }),
  };
}

function asText(contentTypes: readonly string[]) {
  return Object.fromEntries(contentTypes.map((type) => [type, { schema: z.string() }]));
}

function describeErrors(route: Route) {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of errorCodesOf(route)) {
    const { status } = errorCatalogue[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\`: ${errorCatalogue[code].title}.`).join(" "),
        headers: { "X-Trace-ID": { description: "The trace of this request.", schema: { type: "string" as const } } },
        content: { "application/problem+json": { schema: problemSchema } },
      },
    ]),
  );
}
