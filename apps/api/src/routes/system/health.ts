import type { Route } from "../../http/route.ts";
import { schemas } from "../../openapi/schemas.ts";

/** GET /v1/health */
export const healthRoute: Route = {
  method: "get",
  path: "/v1/health",
  operationId: "health",
  tag: "system",
  summary: "Whether the process lives",
  description: "Asks nothing else: a dependency that is down is no reason to restart the process.",
  answers: { 200: { description: "It does.", schema: schemas.health } },
  quiet: true,
  handle: (c) => c.json({ status: "ok" }, 200),
};
