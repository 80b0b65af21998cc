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

/** @throws RangeError for a name that is none */
export function contenderNamed(name: string): Contender {
  const found = contenders.find((contender) => contender.name === name);
  if (found === undefined) throw new RangeError(`There is no contender ${name}`);
  return found;
}
