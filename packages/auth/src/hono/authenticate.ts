import type { Context } from "hono";

import type { Actor } from "../actor.ts";
import type { ApiKeyValidator } from "../api-key-validator.ts";
import { presentedKey, unauthenticated } from "./presented-key.ts";

/** What `authenticate` leaves in Hono's context. */
export interface AuthEnv {
  Variables: { actor: Actor };
}

/**
 * Whose valid key the request presents; also set as `actor` in the context. The key is read from the headers, never from the URL.
 * Called by the handler rather than put before it as middleware: Hono runs a lone handler without building a chain.
 * @throws UNAUTHENTICATED, with `WWW-Authenticate` among the response's headers; UNAVAILABLE
 */
export async function authenticate<Env extends AuthEnv>(c: Context<Env>, validator: ApiKeyValidator): Promise<Actor> {
  try {
    const actor = await validator.validate(presentedKey(c.req.header("authorization"), c.req.header("x-api-key")));
    if (actor === undefined) throw unauthenticated();
    setActor(c, actor);
    return actor;
  } catch (error) {
    c.header("WWW-Authenticate", "Bearer");
    throw error;
  }
}

/** An app's own environment holds at least ours. */
function setActor<Env extends AuthEnv>(c: Context<Env>, actor: Actor): void {
  (c as unknown as Context<AuthEnv>).set("actor", actor);
}
