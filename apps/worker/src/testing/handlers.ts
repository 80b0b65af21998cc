import { appendFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

import { jsonSchema } from "@millrace/contract";
import { defineJob } from "@millrace/core";

/** Writes a line to the file named in the payload as each attempt begins; waits; writes another. */
export const slow = defineJob({
  type: "slow",
  input: jsonSchema,
  async handler({ job, payload, signal }) {
    const { file, ms } = payload as { readonly file: string; readonly ms: number };
    appendFileSync(file, `${process.pid} begins ${job.id} ${job.attempts}\n`);
    await delay(ms, undefined, { signal });
    appendFileSync(file, `${process.pid} ends ${job.id} ${job.attempts}\n`);
    return process.pid;
  },
});

/** Leaves a rejected promise behind that nobody waits for. */
export const careless = defineJob({
  type: "careless",
  input: jsonSchema,
  handler() {
    void Promise.reject(new Error("left behind"));
    return "done";
  },
});

/** Throws where nobody can catch it. */
export const reckless = defineJob({
  type: "reckless",
  input: jsonSchema,
  async handler({ job }) {
    if (job.attempts > 1) return "second";
    setTimeout(() => {
      throw new Error("out of reach");
    }, 1);
    await delay(60_000);
    return "not reached";
  },
});

/** The rest as a list, which is a way to export them too. */
export const jobs = [defineJob({ type: "listed", input: jsonSchema, handler: () => "listed" })];
