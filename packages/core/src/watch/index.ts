export type { WatchCtx } from "./context.ts";
export { followJob } from "./follow.ts";
export { createJobWatch, type JobWatch, type JobWatchOptions } from "./job-watch.ts";
