export { type Balancer, startBalancer } from "./containers/balancer.ts";
export { patient, patientEnv } from "./processes/patient.ts";
export { runPnpm, runProgram } from "./processes/run-program.ts";
export { type ApiProcess, type ApiProcessOptions, startApi } from "./processes/start-api.ts";
export {
  type ProcessHost,
  type ProcessOptions,
  type RunningProcess,
  startProcess,
  watchProcess,
} from "./processes/start-process.ts";
export { type WorkerProcess, type WorkerProcessOptions, startWorker } from "./processes/start-worker.ts";
export { freePort } from "./testing/free-port.ts";
export { seededRandom } from "./testing/random.ts";
export { recordedTypes } from "./testing/recorded-types.ts";
export { openStage, type Stage } from "./testing/stage.ts";
