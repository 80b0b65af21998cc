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

/** What the terminal shows once everything serves: where, with which key, and commands to paste. */
export function readyText({ url, key, worker, data, logLevel }: ReadyFacts): string {
  const header = `-H ${quote(`X-API-Key: ${key}`)}`;
  const job = { type: "http.request", payload: { url: `${url}/v1/health` } };
  const jobs = `${url}/v1/jobs`;
  const send = (path: string, body: object, more = "") =>
    `curl -sSw '\\n' ${quote(url + path)} ${header} -H 'Content-Type: application/json'${more} -d ${quote(JSON.stringify(body))}`;
  // Each is one line and needs nothing from the others. Lists are newest first, jobs of Millrace's own among them, and a job's id is its first field.
  const enqueue = send("/v1/jobs", job);
  const newest = `curl -sS ${quote(`${jobs}?type=http.request&limit=1`)} ${header} | cut -d'"' -f6`;
  const wait = `curl -sSw '\\n' "${jobs}/$(${newest})/wait?timeoutMs=10000" ${header}`;
  const table = { name: "greetings", columns: [{ name: "text", type: "varchar" }] };
  const record = { idempotencyKey: "first", payload: { text: "Hello" } };
  const ingest = `${send("/v1/tables", table)} && ${send("/v1/ingest/greetings", { records: [record], waitForVisibility: true })}`;
  // oxlint-disable-next-line millrace/no-sql-outside-storage -- for the API, as a user writes it
  const query = send("/v1/query", { sql: "select text, _ingested_at from greetings" }, " -H 'Accept: text/csv'");
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
      ? "Wait for the newest of these jobs and see its result:"
      : "Wait for the newest of these jobs (no worker runs here: start one):",
    wait,
    "",
    "Make a table and send an event:",
    ingest,
    "",
    "Query it with SQL:",
    query,
    "",
    `${data} Reference: ${url}/docs`,
    `${logs} Ctrl-C stops everything.`,
    "",
  ].join("\n");
}
