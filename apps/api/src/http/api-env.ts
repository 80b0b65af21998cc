import type { HttpBindings } from "@hono/node-server";
import type { Context } from "hono";

import type { AuthEnv } from "@millrace/auth/hono";

/** What Hono's context holds in this app: Node's request and response, and who asks. */
export interface ApiEnv extends AuthEnv {
  Bindings: HttpBindings;
}

export type ApiContext = Context<ApiEnv>;
