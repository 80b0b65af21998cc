import { MillraceError } from "@millrace/contract";
import type { QueryCtx, SnapshotCtx } from "@millrace/core";

import type { Api } from "../api.ts";
import type { ApiContext } from "./api-env.ts";

/** The context of a query, from a request that has passed authentication. @throws UNAVAILABLE in a process without a lake */
export function queryCtxOf(c: ApiContext, api: Api, signal: AbortSignal): QueryCtx {
  const { lake, tables } = api.composition;
  if (lake?.query === undefined) throw new MillraceError("UNAVAILABLE", "This server runs no queries: it has no lake.");
  const { store, files, visibility, query } = lake;
  return { actor: c.get("actor"), tables, lake: store, files, visibility, ...query, metrics: api.metrics, signal };
}

/** The context of a use case of snapshots. @throws UNAVAILABLE in a process without a lake */
export function snapshotCtxOf(c: ApiContext, api: Api): SnapshotCtx {
  const { lake, audit } = api.composition;
  if (lake === undefined) throw new MillraceError("UNAVAILABLE", "This server has no lake.");
  return { actor: c.get("actor"), lake: lake.store, audit };
}
