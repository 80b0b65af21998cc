import { keyWithSecretSchema, rotateKeyRequestSchema } from "@millrace/contract";
import { rotateKey, toKeyJson } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { paramOf } from "../../http/param-of.ts";
import { readOptionalJson } from "../../http/read-json.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** POST /v1/keys/{id}/rotate */
export const rotateKeyRoute: Route = {
  method: "post",
  path: "/v1/keys/{id}/rotate",
  scope: "keys:admin",
  operationId: "rotateKey",
  tag: "keys",
  summary: "Replace an API key by a new one",
  description:
    "The new key has the same name, scopes, queues and expiry. The old one goes on working for `overlapMs`. Only for keys that can do no more than the one that asks and end no later.",
  body: { schema: rotateKeyRequestSchema, required: false },
  answers: { 201: { description: "The new key, with its secret.", schema: keyWithSecretSchema } },
  errors: ["NOT_FOUND", "INVALID_STATE"],
  async handle(c, api) {
    const body = await readOptionalJson(c, api.limits.bodyBytesMax);
    const { stored, key } = await rotateKey(ctxOf(c, api), { id: paramOf(c, "id"), rotation: unparsed(body) });
    return c.json({ ...toKeyJson(stored), key }, 201);
  },
};
