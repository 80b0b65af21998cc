import { createClient } from "@millrace/client";

import { greet } from "./greet.ts";

const millrace = createClient({
  baseUrl: process.env["MILLRACE_URL"] ?? "",
  apiKey: process.env["MILLRACE_API_KEY"] ?? "",
});

const { id } = await millrace.jobs.enqueue(greet.request({ name: "Ada" }, { idempotencyKey: "greet-ada" }));
const job = await millrace.jobs.wait(id, { timeoutMs: 60_000 });
const { greeting } = greet.resultOf(job);
process.stdout.write(`${job.status}: ${greeting}\n`);
