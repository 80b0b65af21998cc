import { z } from "@hono/zod-openapi";

import {
  type IngestRequest,
  type IngestResponse,
  MillraceError,
  ingestLimits,
  ingestQuerySchema,
  ingestRequestSchema,
  ingestResponseSchema,
} from "@millrace/contract";
import { type IngestInput, type MemoryShare, ingest, ingestStream, parse } from "@millrace/core";

import type { Api } from "../../api.ts";
import type { ApiContext } from "../../http/api-env.ts";
import { refuseIdempotencyKey } from "../../http/idempotency-key.ts";
import { ingestCtxOf } from "../../http/ingest-ctx-of.ts";
import { envelopeBytes } from "../../http/ndjson/chunk-records.ts";
import { isNdjson, readNdjson } from "../../http/ndjson/read-ndjson.ts";
import { paramOf } from "../../http/param-of.ts";
import { parseInTurns } from "../../http/parse-in-parts.ts";
import { readJsonBytes } from "../../http/read-json.ts";
import { readQuery, refuseQuery } from "../../http/read-query.ts";
import type { Route } from "../../http/route.ts";
import { unparsed } from "../../http/unparsed.ts";

/** POST /v1/ingest/{table} */
export const ingestRoute: Route = {
  method: "post",
  path: "/v1/ingest/{table}",
  scope: "events:write",
  operationId: "ingest",
  tag: "events",
  summary: "Take in records for a table",
  description:
    "As JSON, or as `application/x-ndjson`: one record a line, of any number, taken in part by part as they arrive. Each record has an outcome of its own, so look at `rejectedCount`. An upload that fails midway keeps what was accepted: the problem has the counts, and sending all of it again with the same keys does no harm. `atomic` is for JSON only.",
  query: ingestQuerySchema,
  headers: z.object({
    "X-Idempotency-Prefix": z.string().min(1).max(ingestLimits.keyPrefixCharactersMax).optional().meta({
      description: "For NDJSON: a record without `idempotencyKey` has this, a colon and its line's number as its key.",
    }),
  }),
  body: { schema: ingestRequestSchema, required: true },
  answers: {
    202: {
      description: "What has become of the records; the accepted ones are durable.",
      schema: ingestResponseSchema,
    },
    200: { description: "The same, and all that was accepted can be queried.", schema: ingestResponseSchema },
  },
  errors: ["TABLE_NOT_FOUND", "INVALID_STATE", "RATE_LIMITED"],
  async handle(c, api) {
    refuseIdempotencyKey(c, "Each record has an idempotencyKey of its own; NDJSON takes X-Idempotency-Prefix.");
    const answer = isNdjson(c) ? await takeStream(c, api) : await takeJson(c, api);
    return c.json(answer, answer.status === "visible" ? 200 : 202);
  },
};

async function takeJson(c: ApiContext, api: Api): Promise<IngestResponse> {
  refuseQuery(c);
  if (c.req.header("x-idempotency-prefix") !== undefined) {
    throw new MillraceError("VALIDATION_FAILED", "X-Idempotency-Prefix is for NDJSON.", {
      errors: [{ path: "X-Idempotency-Prefix", code: "unknown_field", message: "Give each record its own key." }],
    });
  }
  const { memory, turns } = api.composition.ingestDesk;
  const { tenantId } = c.get("actor");
  const share = memory.enter(tenantId);
  const leaving = [() => share.close(), turns.enter(tenantId)];
  const release = () => {
    for (const leave of leaving) leave();
  };
  try {
    // Taken out by whoever needs it, so that nothing here keeps the records while their visibility is waited for.
    const input = [{ ...(await readInput(c, api, { share, leaving })), release }];
    return await waiting(c, api, input[0]?.isWaiting === true, (signal) =>
      ingest(ingestCtxOf(c, api, signal), unparsed<IngestInput>(input.pop())),
    );
  } finally {
    release();
  }
}

interface Room {
  readonly share: MemoryShare;
  /** Called when the request is done with; whatever is taken for it on the way is added. */
  readonly leaving: (() => void)[];
}

async function readInput(c: ApiContext, api: Api, { share, leaving }: Room) {
  const { limits, turns, places } = api.composition.ingestDesk;
  const { tenantId } = c.get("actor");
  const add = (bytes: number) => share.add(bytes);
  const body = await readJsonBytes(c, limits.bodyBytesMax, {
    onBytes: add,
    otherTypes: ["application/x-ndjson"],
    advice: "Send more as application/x-ndjson, which has no limit.",
  });
  leaving.push(await places.take(tenantId, body.length));
  const read = await parseInTurns(body, {
    onWeight: add,
    turn: (work) => turns.run(tenantId, work),
    elementBytesMax: limits.recordBytesMax + envelopeBytes,
  });
  const request = unparsed<IngestRequest & { readonly waitForVisibility?: unknown }>(read);
  return { table: paramOf(c, "table"), request, isWaiting: request?.waitForVisibility === true };
}

async function takeStream(c: ApiContext, api: Api): Promise<IngestResponse> {
  const { waitForVisibility, ...query } = parse(ingestQuerySchema, readQuery(c));
  const { limits, memory, turns, uploads } = api.composition.ingestDesk;
  const { tenantId } = c.get("actor");
  const leave = uploads.enter(tenantId);
  const share = memory.enter(tenantId);
  try {
    const isWaiting = waitForVisibility === "true";
    const turn = <Result>(work: () => Result) => turns.run(tenantId, work);
    const chunks = readNdjson(c, limits, { share, turn, makesRoom: () => turns.makesRoom(tenantId) });
    const input = { ...query, table: paramOf(c, "table"), waitForVisibility: isWaiting, chunks: () => chunks };
    return await waiting(c, api, isWaiting, (signal) => ingestStream(ingestCtxOf(c, api, signal), input));
  } finally {
    share.close();
    leave();
  }
}

/** A request that waits has one of the process's places for that. */
function waiting<Answer>(
  c: ApiContext,
  api: Api,
  isWaiting: boolean,
  run: (signal?: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  return isWaiting ? api.waiters.wait(c, run) : run();
}
