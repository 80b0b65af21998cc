import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, type TestContext, test } from "vitest";

import { createClient } from "@millrace/client";

import { patientEnv } from "./processes/patient.ts";
import { startProcess } from "./processes/start-process.ts";
import { eventually } from "./testing/eventually.ts";
import { openStage } from "./testing/stage.ts";

const root = new URL("../../../", import.meta.url);
const main = fileURLToPath(new URL("apps/cli/src/main.ts", root));
const apiKey = "k3y";
const pathOf = (name: string) => fileURLToPath(new URL(name, root));

/** What starts or installs things. */
const notHere = /pnpm@12 (start|test)|docker|worker\.py/;

/** The blocks of a language in a document, in their order. */
async function blocksOf(document: string, language: string): Promise<readonly string[]> {
  const text = await readFile(pathOf(document), "utf8");
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "gm"))].map(([, block]) => block ?? "");
}

/** Starts what a reader starts, and types what the document says, in one shell. Answers what the screen shows, and a client to look further. */
async function follow(context: TestContext, document: string) {
  const stage = await openStage(context);
  const dev = stage.keep(
    startProcess({
      name: "millrace dev",
      program: "apps/cli/src/main.ts",
      args: ["dev", "--port", "0", "--api-key", apiKey, "--data-dir", ".millrace"],
      cwd: stage.folder,
      env: { MILLRACE_WORKER_HANDLERS: pathOf("examples/handlers/src/greet.ts"), ...patientEnv },
    }),
  );
  await dev.line((line) => line.text.endsWith("Ctrl-C stops everything."));
  const ready = "Millrace is ready on ";
  const { text } = await dev.line((line) => line.text.startsWith(ready));
  const baseUrl = text.slice(ready.length);
  await writeFile(join(stage.folder, "orders.csv"), "id,city,total\n2,Bergen,5.00\n");
  const script = [
    // As on a terminal.
    `millrace() { "$NODE" --conditions=@millrace/source "$MAIN" "$@" --format table; }`,
    ...(await blocksOf(document, "bash")).filter((block) => !notHere.test(block)),
  ]
    // An answer of the API ends without a line break.
    .join("\necho\n")
    // The key is that of the environment.
    .replaceAll(/^export .*$/gm, "")
    .replaceAll("http://127.0.0.1:8080", baseUrl)
    .replaceAll("npx -y pnpm@12 millrace", "millrace")
    // The document says to put the id there that was shown before.
    .replaceAll("$ID", `$(curl -sS "${baseUrl}/v1/jobs?type=greet" -H "X-API-Key: $KEY" | cut -d'"' -f6)`);
  const env = { PATH: process.env["PATH"], KEY: apiKey, NODE: process.execPath, MAIN: main };
  const screen = await run(stage.folder, script, env);
  return { screen, client: createClient({ baseUrl, apiKey }) };
}

function run(cwd: string, script: string, env: NodeJS.ProcessEnv): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  execFile("bash", ["--norc", "-c", `exec 2>&1\n${script}`], { cwd, env }, (_, stdout) => resolve(stdout));
  return promise;
}

/** Lines of tables, refusals, and SQL with a mark below. */
const telling = (text: string) => text.split("\n").filter((line) => /^(│|millrace: | +\d+ \| | +\^$)/.test(line));
const refusals = (text: string) => telling(text).filter((line) => line.startsWith("millrace: "));

describe.each(["README.md", "docs/quickstart.md"])("what %s says to type", (document) => {
  test("does what it says", async (context) => {
    const { screen, client } = await follow(context, document);
    const shown = (await blocksOf(document, "text")).join("");
    const typed = (await blocksOf(document, "bash")).join("");
    for (const line of telling(shown)) expect(screen).toContain(line);
    expect(refusals(screen)).toEqual(refusals(shown));
    expect(screen).not.toContain("/problems/");
    expect(screen).not.toContain("command not found");
    expect(screen).toContain('"type":"greet"');
    // Each upload is answered; one of them is meant to be refused.
    const uploads = typed.split("application/x-ndjson").length - 1;
    expect(screen.match(/"acceptedCount":/g)).toHaveLength(uploads);
    await eventually(async () =>
      (await client.query("select status from system.jobs where type = 'greet'")).all(),
    ).toEqual([{ status: "completed" }]);
  });
});
