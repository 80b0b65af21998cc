export { compose, type ComposeConfig, type ComposeOptions, type Composition, type ReadyCheck } from "./compose.ts";
export { type Actor, type Ctx, type KeyCtx, requireQueue, requireScope } from "./context.ts";
export * from "./jobs/index.ts";
export * from "./keys/index.ts";
export { fieldErrors, parse } from "./parse.ts";
export { getQueue } from "./queues/get.ts";
export { listQueues } from "./queues/list.ts";
export { toQueueJson } from "./queues/queue-json.ts";
export * from "./worker/index.ts";
