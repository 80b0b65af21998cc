import { describe, expect, test } from "vitest";

import { readyText } from "./ready-text.ts";

const facts = {
  url: "http://127.0.0.1:8080",
  key: "k3y",
  worker: true,
  data: "Data is kept in .millrace.",
  logLevel: "warn",
};

describe("readyText", () => {
  test("is two lines for a program and a few for a person", () => {
    const lines = readyText(facts).split("\n");
    expect(lines.slice(0, 2)).toEqual(["Millrace is ready on http://127.0.0.1:8080", "API key: k3y"]);
    expect(lines.length).toBeLessThan(22);
  });

  test("gives each command a line of its own, to be pasted as it is", () => {
    const commands = readyText(facts)
      .split("\n")
      .filter((line) => line.startsWith("curl "));
    expect(commands).toEqual([
      `curl -sSw '\\n' http://127.0.0.1:8080/v1/jobs -H 'X-API-Key: k3y' -H 'Content-Type: application/json' -d '{"type":"http.request","payload":{"url":"http://127.0.0.1:8080/v1/health"}}'`,
      `curl -sSw '\\n' "http://127.0.0.1:8080/v1/jobs/$(curl -sS 'http://127.0.0.1:8080/v1/jobs?type=http.request&limit=1' -H 'X-API-Key: k3y' | cut -d'"' -f6)/wait?timeoutMs=10000" -H 'X-API-Key: k3y'`,
      `curl -sSw '\\n' http://127.0.0.1:8080/v1/tables -H 'X-API-Key: k3y' -H 'Content-Type: application/json' -d '{"name":"greetings","columns":[{"name":"text","type":"varchar"}]}' && curl -sSw '\\n' http://127.0.0.1:8080/v1/ingest/greetings -H 'X-API-Key: k3y' -H 'Content-Type: application/json' -d '{"records":[{"idempotencyKey":"first","payload":{"text":"Hello"}}],"waitForVisibility":true}'`,
      `curl -sSw '\\n' http://127.0.0.1:8080/v1/query -H 'X-API-Key: k3y' -H 'Content-Type: application/json' -H 'Accept: text/csv' -d '{"sql":"select text, _ingested_at from greetings"}'`,
    ]);
  });

  test("says how to see more of the log, until one sees it", () => {
    expect(readyText(facts)).toContain("MILLRACE_LOGGING_LEVEL=info");
    expect(readyText({ ...facts, logLevel: "info" })).not.toContain("MILLRACE_LOGGING_LEVEL");
  });

  test("says that nobody works where nobody does", () => {
    expect(readyText({ ...facts, worker: false })).toContain("no worker runs here");
  });
});
