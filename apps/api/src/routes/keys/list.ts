import { keyListSchema, listKeysQuerySchema } from "@millrace/contract";
import { listKeys, toKeyJson } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { readQuery } from "../../http/read-query.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** GET /v1/keys */
export const listKeysRoute: Route = {
  method: "get",
  path: "/v1/keys",
  scope: "keys:admin",
  operationId: "listKeys",
  tag: "keys",
  summary: "List API keys, newest first",
  description: "Revoked and expired ones too; never their secrets.",
  query: listKeysQuerySchema,
  answers: { 200: { description: "A page of keys.", schema: keyListSchema } },
  async handle(c, api) {
    const { keys, nextCursor } = await listKeys(ctxOf(c, api), unparsed(readQuery(c)));
    return c.json({ items: keys.map(toKeyJson), nextCursor }, 200);
  },
};
