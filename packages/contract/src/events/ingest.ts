import { z } from "zod";

import { timeSchema } from "../jobs/job.ts";
import { queryInteger } from "../query-integer.ts";
import { eventOps } from "../tables/column.ts";

/** Bounds of an ingest request, and of what is told of records that were refused. */
export const ingestLimits = {
  keyCharactersMax: 512,
  /** Characters of `X-Idempotency-Prefix`; the rest of a key is for a colon and the line's number. */
  keyPrefixCharactersMax: 480,
  /** Problems that one answer names; the others are counted. */
  errorsMax: 100,
  /** Problems that are named of one record. */
  recordErrorsMax: 10,
  visibilityTimeoutMsDefault: 10_000,
  visibilityTimeoutMsMax: 60_000,
} as const;

/** Why a record was refused. */
export const recordErrorCodes = [
  /** The record itself, around its payload, is not as it has to be. */
  "VALIDATION_FAILED",
  /** A line that is no JSON, or no UTF-8. */
  "MALFORMED_JSON",
  "PAYLOAD_TOO_LARGE",
  /** The payload does not fit the table. */
  "SCHEMA_MISMATCH",
  "IDEMPOTENCY_KEY_REUSED",
  /** Nothing is wrong with it, but with another one of an atomic request. */
  "BATCH_REJECTED",
] as const;

export type RecordErrorCode = (typeof recordErrorCodes)[number];

/** One record of a request, as it is sent. */
export const ingestRecordSchema = z
  .strictObject({
    idempotencyKey: z
      .string()
      .min(1)
      .max(ingestLimits.keyCharactersMax)
      .meta({ description: "Names the record within its table: sent again it is stored once." }),
    op: z
      .enum(eventOps)
      .optional()
      .meta({ description: "Default `insert`, or `upsert` where the table has a primary key." }),
    payload: z.looseObject({}).meta({ description: "A value for each column. Numbers keep every digit." }),
    eventTime: timeSchema.optional().meta({ description: "When it happened; kept to the millisecond." }),
  })
  .meta({ id: "IngestRecord" });

export type IngestRecord = z.input<typeof ingestRecordSchema>;

const waitFields = {
  waitForVisibility: z
    .boolean()
    .optional()
    .meta({ description: "Answer once what was accepted can be queried, or after `visibilityTimeoutMs`." }),
  visibilityTimeoutMs: z.int().min(0).max(ingestLimits.visibilityTimeoutMsMax).optional(),
};

const atomicField = z
  .boolean()
  .optional()
  .meta({ description: "Store all records or none. Without it those that are in order are stored." });

/** The body as it is documented. What is wrong with a record is that record's own error, so records are checked one by one. */
export const ingestRequestSchema = z
  .strictObject({ records: z.array(ingestRecordSchema).min(1), atomic: atomicField, ...waitFields })
  .meta({ id: "IngestRequest" });

export type IngestRequest = z.input<typeof ingestRequestSchema>;

/** The body with its records left for later. */
export const ingestEnvelopeSchema = z.strictObject(
  {
    records: z
      .array(z.unknown(), { error: "A list of records, each with idempotencyKey and payload." })
      .min(1, { error: "At least one record." }),
    atomic: atomicField,
    ...waitFields,
  },
  {
    // Fields that are not known are told by their names.
    error: ({ code }) => (code === "invalid_type" ? 'An object: {"records": [ … ]}.' : undefined),
  },
);

/** What an upload of NDJSON, which has no place for it in its body, says in its query. */
export const ingestQuerySchema = z.strictObject({
  waitForVisibility: z.enum(["true", "false"]).optional(),
  visibilityTimeoutMs: queryInteger(0, ingestLimits.visibilityTimeoutMsMax).optional(),
});

/** What is wrong with a record. */
export const recordErrorSchema = z
  .object({
    index: z.int().meta({ description: "Its place in `records`, from 0; of NDJSON the line's number, from 1." }),
    key: z.string().nullable(),
    code: z.enum(recordErrorCodes),
    path: z.string(),
    message: z.string(),
  })
  .meta({ id: "RecordError" });

export type RecordErrorJson = z.infer<typeof recordErrorSchema>;

const tallyFields = {
  acceptedCount: z.int(),
  duplicateCount: z
    .int()
    .meta({ description: "Records that had been accepted before, with the same key and content." }),
  rejectedCount: z.int(),
  visibilityToken: z.string().nullable().meta({
    description: "A query that waits for it sees what was accepted, duplicates included. Null where nothing was.",
  }),
  errors: z.array(recordErrorSchema),
  errorsOmitted: z.int().meta({ description: `Further problems; at most ${ingestLimits.errorsMax} are named.` }),
};

/** What has become of a request so far. */
export const ingestTallySchema = z.object(tallyFields);

export type IngestTally = z.infer<typeof ingestTallySchema>;

export const ingestStatuses = ["accepted", "visible", "rejected"] as const;

export const ingestResponseSchema = z
  .object({
    ...tallyFields,
    status: z.enum(ingestStatuses).meta({
      description:
        "`accepted`: in the log, durable. `visible`: can be queried as well. `rejected`: no record was accepted, now or before.",
    }),
    snapshotId: z.int().optional().meta({ description: "The first snapshot that was seen to hold it all." }),
  })
  .meta({ id: "IngestResponse" });

export type IngestResponse = z.infer<typeof ingestResponseSchema>;
