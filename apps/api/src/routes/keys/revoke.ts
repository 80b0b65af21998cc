import { revokeKey } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { paramOf } from "../../http/param-of.ts";
import type { Route } from "../../http/route.ts";

/** DELETE /v1/keys/{id} */
export const revokeKeyRoute: Route = {
  method: "delete",
  path: "/v1/keys/{id}",
  scope: "keys:admin",
  operationId: "revokeKey",
  tag: "keys",
  summary: "Revoke an API key",
  description:
    "For good, and at once: within milliseconds where processes hear of it, within 5 seconds in any case. A key may revoke itself, and others that can do no more than itself and end no later.",
  answers: { 204: { description: "The key is revoked. It goes on being listed." } },
  errors: ["NOT_FOUND"],
  async handle(c, api) {
    await revokeKey(ctxOf(c, api), { id: paramOf(c, "id") });
    return c.body(null, 204);
  },
};
