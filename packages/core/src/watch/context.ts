import type { Ctx } from "../context.ts";
import type { JobWatch } from "./job-watch.ts";

/** What the use cases that wait for jobs need besides. */
export interface WatchCtx extends Ctx {
  readonly watch: JobWatch;
}
