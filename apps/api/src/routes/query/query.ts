import { queryRequestSchema, queryResponseSchema, resultMediaTypes } from "@millrace/contract";
import { runQuery } from "@millrace/core";

import { goneSignal } from "../../http/gone-signal.ts";
import { queryCtxOf } from "../../http/query-ctx-of.ts";
import { readJson } from "../../http/read-json.ts";
import type { Route } from "../../http/route.ts";
import { sendBody } from "../../http/send-body.ts";
import { unparsed } from "../../http/unparsed.ts";
import { queryJson } from "./query-json.ts";
import { resultFormatOf } from "./result-format.ts";

/** POST /v1/query */
export const queryRoute: Route = {
  method: "post",
  path: "/v1/query",
  scope: "query:read",
  operationId: "query",
  tag: "query",
  summary: "Query the tenant's tables with SQL",
  description:
    "One SELECT in the dialect of DuckDB, over the newest snapshot unless the request says otherwise. `Accept` chooses `application/json`, `application/x-ndjson`, `text/csv` or `application/vnd.apache.parquet`; the last three say in headers what JSON says beside its rows. With `minVisibilityToken` the answer holds what that ingest accepted.",
  body: { schema: queryRequestSchema, required: true },
  answers: {
    200: {
      description: "The result.",
      schema: queryResponseSchema,
      otherContentTypes: [resultMediaTypes.ndjson, resultMediaTypes.csv, resultMediaTypes.parquet],
      headers: {
        "X-Snapshot-Id": "The snapshot that was queried.",
        "X-Snapshot-Time": "When it was published.",
        "X-Watermark": "Every event up to this offset is in it.",
        "X-Truncated": "`true` when there were more rows than `rowLimit`.",
      },
    },
  },
  errors: [
    "NOT_ACCEPTABLE",
    "QUERY_INVALID",
    "QUERY_FORBIDDEN",
    "QUERY_TIMEOUT",
    "QUERY_TOO_LARGE",
    "RESULT_TOO_LARGE",
    "SNAPSHOT_NOT_FOUND",
    "SNAPSHOT_EXPIRED",
    "VISIBILITY_TOKEN_INVALID",
    "TOKEN_SCOPE_MISMATCH",
    "CONSISTENCY_TIMEOUT",
    "INTEGRITY_CHECK_FAILED",
    "RATE_LIMITED",
    "UNAVAILABLE",
  ],
  async handle(c, api) {
    const format = resultFormatOf(c);
    const request = unparsed<never>(await readJson(c, api.limits.bodyBytesMax));
    const answer = await runQuery(queryCtxOf(c, api, AbortSignal.any([goneSignal(c), api.ending])), {
      request,
      format,
    });
    const { result, snapshot } = answer;
    c.header("Content-Type", resultMediaTypes[format]);
    c.header("X-Snapshot-Id", String(snapshot?.snapshotId ?? 0));
    c.header("X-Snapshot-Time", (snapshot?.snapshotTime ?? new Date(0)).toISOString());
    c.header("X-Watermark", String(snapshot?.watermark ?? 0));
    c.header("X-Truncated", String(result.truncated));
    return sendBody(c, format === "json" ? queryJson(answer) : result.body);
  },
};
