import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { freePort } from "../testing/free-port.ts";

/** Where Prometheus finds the processes: what the names `api` and `worker` lead to in a deployment, as `host:port`. */
export interface PrometheusTargets {
  readonly api: readonly string[];
  readonly worker: readonly string[];
}

/** A Prometheus that runs with the configuration and the rules of deploy/observability. */
export interface Prometheus {
  /** What its HTTP API answers as data. @throws with what it says of a request that it refuses */
  get<Data>(path: string, parameters?: Readonly<Record<string, string>>): Promise<Data>;
  close(): Promise<void>;
}

/** Whoever asks in vain asks again. */
const answerMs = 30_000;
const folder = new URL("../../../../deploy/observability/", import.meta.url);

/** Tells whether Debian's package prometheus, or another, is installed. */
export function hasPrometheus(): boolean {
  return spawnSync("prometheus", ["--version"], { stdio: "ignore" }).status === 0;
}

/** As it is deployed, but for names that no resolver knows here, and without 15 seconds between looks. */
async function configure({ api, worker }: PrometheusTargets): Promise<string> {
  const text = await readFile(new URL("prometheus.yml", folder), "utf8");
  const [before = "", lookup = "", after = ""] = text.split(/^( {4}dns_sd_configs:\n(?: {6}.*\n)+)/m);
  if (lookup === "") throw new Error("deploy/observability/prometheus.yml looks up no names");
  const known = Object.entries({ api, worker }).map(
    ([name, targets]) => `      - targets: ${JSON.stringify(targets)}\n        labels: { __meta_dns_name: ${name} }\n`,
  );
  return `${before}    static_configs:\n${known.join("")}${after}`.replaceAll("_interval: 15s", "_interval: 1s");
}

/** Starts Prometheus on a free port, with its data in the folder, and waits until it answers. */
export async function startPrometheus(workFolder: string, targets: PrometheusTargets): Promise<Prometheus> {
  await writeFile(join(workFolder, "prometheus.yml"), await configure(targets));
  await copyFile(new URL("rules.yml", folder), join(workFolder, "rules.yml"));
  const url = `http://127.0.0.1:${await freePort()}`;
  const args = [
    "--config.file=prometheus.yml",
    `--storage.tsdb.path=${join(workFolder, "prometheus")}`,
    `--web.listen-address=${new URL(url).host}`,
    "--log.level=error",
  ];
  // The kernel ends it with this process, however that ends.
  const server = spawn("setpriv", ["--pdeathsig", "KILL", "--", "prometheus", ...args], {
    cwd: workFolder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  server.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const exited = once(server, "exit");
  while (!(await isReady(url))) {
    if (server.exitCode !== null) throw new Error(`Prometheus did not start:\n${said}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    async get<Data>(path: string, parameters = {}) {
      const query = new URLSearchParams(parameters).toString();
      const response = await fetch(`${url}/api/v1/${path}?${query}`, { signal: AbortSignal.timeout(answerMs) });
      const answer = (await response.json()) as { readonly data?: Data; readonly error?: string };
      if (answer.data === undefined)
        throw new Error(`Prometheus refused ${JSON.stringify(parameters)}: ${answer.error ?? ""}`);
      return answer.data;
    },
    async close() {
      server.kill("SIGKILL");
      await exited;
    },
  };
}

function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/-/ready`).then(
    async (response) => (await response.body?.cancel(), response.ok),
    () => false,
  );
}
