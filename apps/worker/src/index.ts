export { type RunningWorker, startWorker, type StartWorkerOptions, type WorkerConfig } from "./start-worker.ts";
export { watchFaults } from "./watch-faults.ts";
