import { createKeyRequestSchema, keyWithSecretSchema } from "@millrace/contract";
import { createKey, toKeyJson } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { readJson } from "../../http/read-json.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** POST /v1/keys */
export const createKeyRoute: Route = {
  method: "post",
  path: "/v1/keys",
  scope: "keys:admin",
  operationId: "createKey",
  tag: "keys",
  summary: "Make an API key",
  description: "`key` is shown this once. The new key can do no more than the one that asks, and ends no later.",
  body: { schema: createKeyRequestSchema, required: true },
  answers: { 201: { description: "The key, with its secret.", schema: keyWithSecretSchema } },
  async handle(c, api) {
    const body = await readJson(c, api.limits.bodyBytesMax);
    const { stored, key } = await createKey(ctxOf(c, api), unparsed(body));
    return c.json({ ...toKeyJson(stored), key }, 201);
  },
};
