export { type Actor, type Ctx, requireQueue, requireScope } from "./context.ts";
export * from "./jobs/index.ts";
export { fieldErrors, parse } from "./parse.ts";
export { getQueue } from "./queues/get.ts";
export { listQueues } from "./queues/list.ts";
