import { Hono } from "hono";
import { cors } from "hono/cors";
import type { StatusCode } from "hono/utils/http-status";

import type { ApiKeyValidator } from "@millrace/auth";

import type { Api } from "./api.ts";
import type { ApiEnv } from "./http/api-env.ts";
import { exchangeOf } from "./http/exchange.ts";
import { createFailureLog } from "./http/failure-log.ts";
import { createLiteralRouter } from "./http/literal-router.ts";
import { mount } from "./http/mount.ts";
import { problemAnswer } from "./http/problem.ts";
import type { Route } from "./http/route.ts";
import { createUnmatched } from "./http/unmatched.ts";

export interface AppOptions {
  readonly api: Api;
  readonly routes: readonly Route[];
  readonly validator: ApiKeyValidator;
  readonly corsOrigins: readonly string[];
}

/**
 * The app. Before it, the server has given the request its trace and the answer its standing headers (`server.ts`). Here: CORS where
 * configured; then the one route that matches, behind key and scope (`http/mount.ts`); or 404, 405; and one mapper for every error.
 */
export function createApp({ api, routes, validator, corsOrigins }: AppOptions): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>({ router: createLiteralRouter() });
  if (corsOrigins.length > 0) {
    const exposeHeaders = ["X-Trace-ID", "Location", "Retry-After", "Allow"];
    const allowHeaders = ["Authorization", "X-API-Key", "Content-Type", "Idempotency-Key", "X-Trace-ID", "traceparent"];
    const allowMethods = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    app.use(cors({ origin: [...corsOrigins], allowMethods, allowHeaders, exposeHeaders, maxAge: 600 }));
  }
  for (const route of routes) mount(app, route, api, validator);
  app.notFound(createUnmatched(routes));
  const failures = createFailureLog(api.logger);
  app.onError((error, c) => {
    const exchange = exchangeOf(c.env.incoming);
    const instance = c.req.path;
    const answer = problemAnswer(error, { exchange, instance, failures });
    return c.newResponse(answer.body, answer.status as StatusCode, answer.headers);
  });
  return app;
}
