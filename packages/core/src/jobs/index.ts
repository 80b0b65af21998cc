export { cancelJob } from "./cancel.ts";
export { deleteJob } from "./delete.ts";
export { enqueue } from "./enqueue.ts";
export { enqueueBatch } from "./enqueue-batch.ts";
export { getJob } from "./get.ts";
export { type JobList, listJobs } from "./list.ts";
export { retryJob } from "./retry.ts";
export { updateJob } from "./update.ts";
export { waitForJob } from "./wait.ts";
