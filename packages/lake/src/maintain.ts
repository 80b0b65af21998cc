export type { CheckReport, FaultyFile } from "./maintain/check-lake.ts";
export type { CompactionReport } from "./maintain/compact-table.ts";
export type { ExpireReport } from "./maintain/expire-lake.ts";
export { createMaintainer, type Maintainer, type MaintainerOptions } from "./maintain/maintainer.ts";
export { type CompactionSettings, planCompaction } from "./maintain/plan-compaction.ts";
export type { RetentionReport } from "./maintain/retain-table.ts";
export type { MaintainStep } from "./maintain/rewrite-files.ts";
export type { SweepReport } from "./maintain/sweep-orphans.ts";
