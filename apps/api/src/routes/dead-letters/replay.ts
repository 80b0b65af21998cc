import { ingestResponseSchema, replayDeadLetterRequestSchema } from "@millrace/contract";
import { replayDeadLetter } from "@millrace/core";

import { ingestCtxOf } from "../../http/ingest-ctx-of.ts";
import { paramOf } from "../../http/param-of.ts";
import { hasBody } from "../../http/read-body.ts";
import { parseJson, readJsonBytes } from "../../http/read-json.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** POST /v1/dead-letters/{id}/replay */
export const replayDeadLetterRoute: Route = {
  method: "post",
  path: "/v1/dead-letters/{id}/replay",
  scope: "ops:admin",
  operationId: "replayDeadLetter",
  tag: "events",
  summary: "Send a dead letter in again, as it was or corrected",
  description: "Under the key `replay:<id>`: however often it is replayed, its table has it once.",
  body: { schema: replayDeadLetterRequestSchema, required: false },
  answers: { 202: { description: "It is in the log again, at a new place.", schema: ingestResponseSchema } },
  errors: [
    "NOT_FOUND",
    "TABLE_NOT_FOUND",
    "INVALID_STATE",
    "SCHEMA_MISMATCH",
    "IDEMPOTENCY_KEY_REUSED",
    "RATE_LIMITED",
  ],
  async handle(c, api) {
    const { bodyBytesMax } = api.composition.ingestDesk.limits;
    const request = hasBody(c.env.incoming) ? parseJson(await readJsonBytes(c, bodyBytesMax), { exact: true }) : {};
    const input = { id: paramOf(c, "id"), request: unparsed<never>(request) };
    return c.json(await replayDeadLetter(ingestCtxOf(c, api), input), 202);
  },
};
