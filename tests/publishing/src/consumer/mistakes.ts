import type { MillraceClient } from "@millrace/client";

import { greet } from "./greet.ts";

/** What the types of the packages refuse; it compiles only because each line is an error. */
export async function makeMistakes(millrace: MillraceClient): Promise<void> {
  // @ts-expect-error a payload of another shape
  await millrace.jobs.enqueue(greet.request({ name: 7 }));
  // @ts-expect-error a field that payloads don't have
  await millrace.jobs.enqueue(greet.request({ nam: "Ada" }));
  const job = await millrace.jobs.get("job_00000000000000000000000000");
  // @ts-expect-error a status that doesn't exist
  if (job.status === "finished") throw new Error(greet.resultOf(job).greeting);
}
