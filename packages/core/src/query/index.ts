export type { QueryCtx, QueryLimits } from "./context.ts";
export { type QueryAnswer, runQuery } from "./run-query.ts";
export { createTurns, type Turns } from "./turns.ts";
