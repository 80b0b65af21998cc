import { afterAll, afterEach } from "vitest";

import { type WorkerRig, createWorkerRig } from "./worker-rig.ts";

/** One rig for all tests of a file: workers stop after each test, the rig is closed after the last. `newQueue` names a queue that no other test has. */
export async function rigOfFile(): Promise<WorkerRig & { newQueue(): string }> {
  const rig = await createWorkerRig();
  afterEach(() => rig.stopWorkers());
  afterAll(() => rig.close());
  let queues = 0;
  return { ...rig, newQueue: () => `test-${++queues}` };
}
