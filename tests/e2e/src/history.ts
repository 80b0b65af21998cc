export { type CheckOptions, type Invariant, type Violation, checkHistory } from "./history/check-history.ts";
export type * from "./history/event.ts";
export { openHistory, readHistory } from "./history/history-file.ts";
export type { ConcurrencyLimits } from "./history/invariants/limits.ts";
