import { queueName } from "../../contenders/contender.ts";
import { millrace } from "../../contenders/millrace.ts";
import { withApi } from "../../http/with-api.ts";
import type { LeaseVerbs } from "../../leases/main.ts";
import { startMeter } from "../../meter.ts";
import { startRemote } from "../../remote.ts";
import type { BenchPostgres } from "../../with-postgres.ts";
import type { Measure } from "../measure.ts";
import { type Stage, withStage } from "../stage.ts";
import { perJob, type Values } from "../values.ts";
import { fillLoad } from "./warm-up.ts";

const pace = 10_000;
const warmUpJobs = 5_000;
const loops = 8;
const batch = 50;

/** A worker that goes through the HTTP API: it claims a batch, completes it and claims the next. */
export const httpLeases: Measure = {
  name: "http-leases",
  entries: (postgres, { seconds }) => [
    {
      name: "millrace",
      title: "Millrace, claim and complete",
      settings: `production profile, defaults; ${loops} loops, ${batch} jobs a request`,
      run: () => withStage(postgres, millrace, "bulk", (stage) => measureLeases(postgres, stage, pace * seconds)),
    },
  ],
};

function measureLeases(postgres: BenchPostgres, stage: Stage, jobs: number): Promise<Values> {
  return withApi(stage.url, async ({ url, key, pid }) => {
    const { producer } = stage;
    const worker = startRemote<LeaseVerbs>("leases/main.ts");
    try {
      const work = () => worker.call("work", { url, key, queue: queueName, loops, batch });
      await producer.call("fill", warmUpJobs, fillLoad);
      await work();
      await producer.call("fill", jobs, fillLoad);
      await stage.settle();
      const read = startMeter({ server: [postgres.pid], clients: [pid], generators: [producer.pid, worker.pid] });
      const { handled, repeated, completed, seconds } = await work();
      const cost = read();
      const { unfinished } = await producer.call("outcome");
      if (handled !== jobs || repeated !== 0 || completed !== jobs || unfinished !== 0) {
        throw new Error(`Of ${jobs} jobs ${handled} were claimed, ${completed} completed, ${unfinished} are left`);
      }
      return { jobs, perSecond: jobs / seconds, ...perJob(cost, jobs) };
    } finally {
      await worker.end();
    }
  });
}
