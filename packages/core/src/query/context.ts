import type { QueryEngine } from "@millrace/lake/query";
import type { FileCache, LakeStore, TableStore } from "@millrace/storage";
import type { Metrics } from "@millrace/telemetry";

import type { Ctx } from "../context.ts";
import type { Visibility } from "../lake/visibility.ts";
import type { Turns } from "./turns.ts";
import type { UnreadResults } from "./unread-results.ts";

/** What a query may cost; the section `query` of the configuration. */
export interface QueryLimits {
  readonly timeoutMs: number;
  readonly timeoutMsMax: number;
  readonly rowsMax: number;
  readonly bytesMax: number;
  readonly consistencyTimeoutMs: number;
  readonly consistencyTimeoutMsMax: number;
}

/** Everything ambient of a query. */
export interface QueryCtx extends Pick<Ctx, "actor" | "signal"> {
  readonly tables: Pick<TableStore, "tablesOf" | "columnsOf">;
  readonly lake: Pick<LakeStore, "snapshot" | "filesOf" | "progress">;
  /** Local copies of the lake's files. */
  readonly files: FileCache;
  readonly engine: QueryEngine;
  readonly visibility: Visibility;
  readonly turns: Turns;
  readonly unread: UnreadResults;
  readonly limits: QueryLimits;
  readonly metrics?: Pick<Metrics, "querySeconds" | "queryBarrierSeconds"> | undefined;
}
