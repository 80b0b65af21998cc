export { type RunningWorker, startWorker, type StartWorkerOptions, type WorkerConfig } from "./start-worker.ts";
