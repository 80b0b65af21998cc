import type { Hono } from "hono";

import type { ApiKeyValidator } from "@millrace/auth";
import { authenticate } from "@millrace/auth/hono";
import { requireOneScope, requireScope } from "@millrace/core";
import { setTenant } from "@millrace/telemetry";

import type { Api } from "../api.ts";
import type { ApiEnv } from "./api-env.ts";
import { exchangeOf } from "./exchange.ts";
import { refuseQuery } from "./read-query.ts";
import type { Route } from "./route.ts";

/** Puts a route into the app: its name for logs and metrics, then key and scope where it needs them, then what it does. */
export function mount(app: Hono<ApiEnv>, route: Route, api: Api, validator: ApiKeyValidator): void {
  const { method, path, scope, otherScopes, quiet = false } = route;
  const pattern = path.replaceAll(/\{(\w+)\}/g, ":$1");
  if (scope === undefined) {
    app.on(method, pattern, (c) => {
      Object.assign(exchangeOf(c.env.incoming), { route: path, quiet });
      return route.handle(c, api);
    });
    return;
  }
  app.on(method, pattern, async (c) => {
    const exchange = exchangeOf(c.env.incoming);
    exchange.route = path;
    const actor = await authenticate(c, validator);
    exchange.tenant = actor.tenantId;
    setTenant(actor.tenantId);
    if (otherScopes === undefined) requireScope({ actor }, scope);
    else requireOneScope({ actor }, [scope, ...otherScopes]);
    if (route.query === undefined) refuseQuery(c);
    return route.handle(c, api);
  });
}
