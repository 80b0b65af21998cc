import type { z } from "@hono/zod-openapi";

import type { ErrorCode, Scope } from "@millrace/contract";

import type { Api } from "../api.ts";
import type { ApiContext } from "./api-env.ts";

export interface RouteAnswer {
  readonly description: string;
  /** Absent: the answer has no body, or one of another media type. */
  readonly schema?: z.ZodType;
  readonly contentType?: string;
  /** Other media types of the same answer, by `Accept`. */
  readonly otherContentTypes?: readonly string[];
  /** Names of headers besides those of every answer, with what they say. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** One operation over HTTP: what the documentation says of it, and what it does. */
export interface Route {
  readonly method: "get" | "post" | "put" | "patch" | "delete";
  /** As in OpenAPI: `/v1/jobs/{id}`. */
  readonly path: string;
  /** What the API key must allow; without it the route needs no key. */
  readonly scope?: Scope;
  /** Scopes that do as well. */
  readonly otherScopes?: readonly Scope[];
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: { readonly schema: z.ZodType; readonly required: boolean };
  readonly answers: Readonly<Record<number, RouteAnswer>>;
  /** Codes that this operation itself can answer with; those that follow from its kind are added to the documentation. */
  readonly errors?: readonly ErrorCode[];
  /** Left out of the OpenAPI document. */
  readonly hidden?: boolean;
  /** Asked every few seconds by machines: its log line is for debugging only. */
  readonly quiet?: boolean;
  handle(c: ApiContext, api: Api): Response | Promise<Response>;
}
