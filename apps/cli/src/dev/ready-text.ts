import { quote } from "./quote.ts";

export interface ReadyFacts {
  readonly url: string;
  readonly key: string;
  /** False where no worker runs here. */
  readonly worker: boolean;
  /** Where the data is, as a person may read it. */
  readonly data: string;
  readonly logLevel: string;
}

/** What the terminal shows once everything serves: where, with which key, and two commands to paste. */
export function readyText({ url, key, worker, data, logLevel }: ReadyFacts): string {
  const header = `-H ${quote(`X-API-Key: ${key}`)}`;
  const job = { type: "http.request", payload: { url: `${url}/v1/health` } };
  const jobs = `${url}/v1/jobs`;
  // Each is one line and needs nothing from the other. Lists are newest first, and a job's id is its first field.
  const enqueue = `curl -sSw '\\n' ${quote(jobs)} ${header} -H 'Content-Type: application/json' -d ${quote(JSON.stringify(job))}`;
  const newest = `curl -sS ${quote(`${jobs}?limit=1`)} ${header} | cut -d'"' -f6`;
  const wait = `curl -sSw '\\n' "${jobs}/$(${newest})/wait?timeoutMs=10000" ${header}`;
  const logs =
    logLevel === "warn"
      ? "Warnings and errors are logged here; MILLRACE_LOGGING_LEVEL=info shows more."
      : `What is logged here is of level ${logLevel} and above.`;
  return [
    `Millrace is ready on ${url}`,
    `API key: ${key}`,
    "",
    "Enqueue a job that sends an HTTP request, here to Millrace itself:",
    enqueue,
    "",
    worker
      ? "Wait for the newest job and see its result:"
      : "Wait for the newest job (no worker runs here: start one):",
    wait,
    "",
    `${data} Reference: ${url}/docs`,
    `${logs} Ctrl-C stops everything.`,
    "",
  ].join("\n");
}
