import { deadLetterListSchema, listDeadLettersQuerySchema } from "@millrace/contract";
import { listDeadLetters } from "@millrace/core";

import { ingestCtxOf } from "../../http/ingest-ctx-of.ts";
import { readQuery } from "../../http/read-query.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** GET /v1/dead-letters */
export const listDeadLettersRoute: Route = {
  method: "get",
  path: "/v1/dead-letters",
  scope: "ops:admin",
  operationId: "listDeadLetters",
  tag: "events",
  summary: "List events that could not be written into their tables",
  description: "Newest first, without their payloads.",
  query: listDeadLettersQuerySchema,
  answers: { 200: { description: "A page of dead letters.", schema: deadLetterListSchema } },
  async handle(c, api) {
    return c.json(await listDeadLetters(ingestCtxOf(c, api), unparsed(readQuery(c))));
  },
};
