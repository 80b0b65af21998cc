import type { Context, MiddlewareHandler } from "hono";

import type { Actor } from "../actor.ts";
import type { ApiKeyValidator } from "../api-key-validator.ts";
import { presentedKey, unauthenticated } from "./presented-key.ts";

/** What `authenticate` leaves in Hono's context. */
export interface AuthEnv {
  Variables: { actor: Actor };
}

/**
 * Middleware that lets a request pass with a valid key only, and sets `actor`. The key is read from the headers, never from the URL.
 * @throws UNAUTHENTICATED, with `WWW-Authenticate` among the response's headers; UNAVAILABLE
 */
export function authenticate<Env extends AuthEnv = AuthEnv>(validator: ApiKeyValidator): MiddlewareHandler<Env> {
  return async (c, next) => {
    try {
      const actor = await validator.validate(presentedKey(c.req.header("authorization"), c.req.header("x-api-key")));
      if (actor === undefined) throw unauthenticated();
      setActor(c, actor);
    } catch (error) {
      c.header("WWW-Authenticate", "Bearer");
      throw error;
    }
    return next();
  };
}

/** An app's own environment holds at least ours. */
function setActor<Env extends AuthEnv>(c: Context<Env>, actor: Actor): void {
  (c as unknown as Context<AuthEnv>).set("actor", actor);
}
