import type { Plan } from "../../contenders/contender.ts";
import { contenders } from "../../contenders/index.ts";
import type { Measure } from "../measure.ts";
import type { Options } from "../options.ts";
import { type Stage, withStage } from "../stage.ts";
import type { Values } from "../values.ts";
import { measureDrain } from "./drain.ts";
import { measureEnqueue } from "./enqueue.ts";
import { httpEnqueue } from "./http-enqueue.ts";
import { httpLeases } from "./http-leases.ts";
import { measurePickup } from "./pickup.ts";
import { measureSteady } from "./steady.ts";

const singles = { batch: 1, callers: 32 };

/** Everything that is measured, in the order of the report. */
export const measures: readonly Measure[] = [
  measureOf("enqueue", (stage, { seconds }) => measureEnqueue(stage, singles, seconds)),
  measureOf("bulk", (stage, { seconds }) => measureEnqueue(stage, { batch: 1_000, callers: 2 }, seconds)),
  measureOf("drain", (stage, { seconds }) => measureDrain(stage, seconds)),
  measureOf("defaults", (stage, { seconds }) => measureDrain(stage, seconds)),
  measureOf("steady", (stage, { steadySeconds }) => measureSteady(stage, singles, steadySeconds)),
  measureOf("steady-batches", (stage, { steadySeconds }) =>
    measureSteady(stage, { batch: 100, callers: 2 }, steadySeconds),
  ),
  measureOf("pickup", (stage, { pickups }) => measurePickup(stage, pickups)),
  httpEnqueue(64),
  httpEnqueue(256),
  httpLeases,
];

function measureOf(plan: Plan, run: (stage: Stage, options: Options) => Promise<Values>): Measure {
  return {
    name: plan,
    entries: (postgres, options) =>
      contenders
        .filter(({ plans }) => plans.includes(plan))
        .map((contender) => ({
          name: contender.name,
          title: contender.title,
          settings: contender.settings(plan),
          run: () => withStage(postgres, contender, plan, (stage) => run(stage, options)),
        })),
  };
}
