import type { DeadLetterCtx, IngestCtx } from "@millrace/core";

import type { Api } from "../api.ts";
import type { ApiContext } from "./api-env.ts";

/** The context of a use case of ingest, from a request that has passed authentication. */
export function ingestCtxOf(c: ApiContext, api: Api, signal?: AbortSignal): IngestCtx & DeadLetterCtx {
  const { ingestTables, ingestDesk, lake, deadLetters, audit } = api.composition;
  return {
    actor: c.get("actor"),
    tables: ingestTables,
    desk: ingestDesk,
    visibility: lake?.visibility,
    deadLetters,
    audit,
    metrics: api.metrics,
    signal,
  };
}
