export { getQueue } from "./get.ts";
export { listQueues, type QueueList } from "./list.ts";
export { pauseQueue } from "./pause.ts";
export { putQueue } from "./put.ts";
export { type QueueWithSettings, toQueueDetailsJson, toQueueJson } from "./queue-json.ts";
export { resumeQueue } from "./resume.ts";
