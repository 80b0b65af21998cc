import type { KeyCtx, ScheduleCtx, TableCtx, WatchCtx } from "@millrace/core";

import type { Api } from "../api.ts";
import type { ApiContext } from "./api-env.ts";
import { exchangeOf } from "./exchange.ts";

/** The context of a use case, from a request that has passed authentication. */
export function ctxOf(c: ApiContext, api: Api, signal?: AbortSignal): KeyCtx & ScheduleCtx & TableCtx & WatchCtx {
  const { traceId, traceparent } = exchangeOf(c.env.incoming);
  return {
    actor: c.get("actor"),
    store: api.composition.store,
    keys: api.composition.keys,
    audit: api.composition.audit,
    watch: api.composition.watch,
    keyKind: api.composition.keyKind,
    schedules: api.composition.schedules,
    tableStore: api.composition.tables,
    tableCache: api.composition.tableCache,
    metrics: api.metrics,
    traceparent,
    traceId,
    signal,
  };
}
