import { auditListSchema, listAuditQuerySchema } from "@millrace/contract";
import { listAudit, toAuditJson } from "@millrace/core";

import { ctxOf } from "../../http/ctx-of.ts";
import { readQuery } from "../../http/read-query.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** GET /v1/audit */
export const listAuditRoute: Route = {
  method: "get",
  path: "/v1/audit",
  scope: "ops:admin",
  operationId: "listAudit",
  tag: "audit",
  summary: "Who did what, newest first",
  description:
    "Changes of keys, queues, schedules and schemas, and bulk actions, of the last 400 days. A page may be short while `nextCursor` is set.",
  query: listAuditQuerySchema,
  answers: { 200: { description: "A page of entries.", schema: auditListSchema } },
  async handle(c, api) {
    const { entries, nextCursor } = await listAudit(ctxOf(c, api), unparsed(readQuery(c)));
    return c.json({ items: entries.map(toAuditJson), nextCursor }, 200);
  },
};
