import { z } from "@hono/zod-openapi";

import type { Route } from "../../http/route.ts";

/** GET /v1/openapi.json */
export const openApiRoute: Route = {
  method: "get",
  path: "/v1/openapi.json",
  operationId: "openApi",
  tag: "system",
  summary: "This document",
  answers: { 200: { description: "An OpenAPI 3.1 document.", schema: z.looseObject({ openapi: z.string() }) } },
  handle: (c, api) => c.body(api.openApi(), 200, { "Content-Type": "application/json" }),
};
