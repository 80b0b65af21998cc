import { z } from "zod";

import { limits, timeSchema } from "../jobs/job.ts";
import { jsonSchema } from "../json.ts";
import { queryInteger } from "../query-integer.ts";

/** What is written into the audit log. */
export const auditActions = [
  "key.create",
  "key.rotate",
  "key.revoke",
  "queue.change",
  "queue.pause",
  "queue.resume",
  "schedule.create",
  "schedule.change",
  "schedule.delete",
  "schedule.run",
  "schema.change",
  "table.create",
  "table.change",
  "table.drop",
  "snapshot.pin",
  "snapshot.unpin",
  "maintenance.run",
  "jobs.bulk",
  "deadLetter.replay",
  "deadLetter.discard",
] as const;

export type AuditAction = (typeof auditActions)[number];

/** One entry: who (`key:` and the API key's id, `static:` and a static key's place in the configuration, or `process`) did what to what. */
export const auditEntrySchema = z
  .object({
    id: z.uuid(),
    at: timeSchema,
    actor: z.string(),
    action: z.enum(auditActions),
    target: z.string(),
    detail: jsonSchema,
  })
  .meta({ id: "AuditEntry" });

export type AuditEntryJson = z.infer<typeof auditEntrySchema>;

export const auditListSchema = z
  .object({ items: z.array(auditEntrySchema), nextCursor: z.string().nullable() })
  .meta({ id: "AuditList" });

/** The filters of the audit log, as query parameters. */
export const listAuditQuerySchema = z.strictObject({
  action: z.enum(auditActions).optional(),
  target: z.string().min(1).max(255).optional(),
  after: timeSchema.optional(),
  before: timeSchema.optional(),
  limit: queryInteger(1, limits.pageItemsMax).default(limits.pageItemsDefault),
  cursor: z.string().min(1).max(500).optional(),
});

export type ListAuditQuery = z.input<typeof listAuditQuerySchema>;
