import { bullmqPostgres, bullmqRedis } from "./bullmq.ts";
import type { Contender } from "./contender.ts";
import { graphileLocalQueue, graphileWorker } from "./graphile-worker.ts";
import { millrace, millraceTuned } from "./millrace.ts";
import { pgBoss } from "./pg-boss.ts";

/** All that are measured, ours first. */
export const contenders: readonly Contender[] = [
  millrace,
  millraceTuned,
  pgBoss,
  graphileWorker,
  graphileLocalQueue,
  bullmqPostgres,
  bullmqRedis,
];
