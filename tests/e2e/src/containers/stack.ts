import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { type ClientOptions, createClient, type MillraceClient } from "@millrace/client";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../../../", import.meta.url));

/** How a container was found. */
export interface ContainerState {
  readonly startedAt: string;
  readonly exitCode: number;
  readonly isRunning: boolean;
}

/** Runs Docker from the root of the repository; what it printed on standard output. @throws with both outputs when it fails */
export async function docker(...args: readonly string[]): Promise<string> {
  const { stdout } = await run("docker", args, { cwd: root, maxBuffer: 64 * 1024 * 1024 });
  return stdout.trim();
}

/** Runs `docker compose` on the stack that COMPOSE_PROJECT_NAME names. */
export const compose = (...args: readonly string[]): Promise<string> => docker("compose", ...args);

/** The containers of a service, running or not. */
export async function containersOf(service: string): Promise<readonly string[]> {
  return (await compose("ps", "--all", "--quiet", service)).split("\n").filter((id) => id !== "");
}

/** Where a container of the API listens now; the port may be another one after a restart. */
export async function urlOf(container: string): Promise<string> {
  return `http://${await docker("port", container, "8080")}`;
}

/** Tells whether and since when a container runs, and how it ended. */
export async function stateOf(container: string): Promise<ContainerState> {
  const format = "{{.State.StartedAt}} {{.State.ExitCode}} {{.State.Running}}";
  const [startedAt = "", exitCode, isRunning] = (await docker("inspect", "--format", format, container)).split(" ");
  return { startedAt, exitCode: Number(exitCode), isRunning: isRunning === "true" };
}

/**
 * Kills the process of a container from outside, as a crash would. `docker kill` is a wish of an operator's, after which the engine does not
 * start the container again.
 */
export async function crash(container: string): Promise<void> {
  const pid = await docker("inspect", "--format", "{{.State.Pid}}", container);
  const image = "node:26-bookworm-slim";
  await docker("run", "--rm", "--pid=host", "--privileged", "--entrypoint", "sh", image, "-c", `kill -9 ${pid}`);
}

/** Runs JavaScript in a container of a service, as its user; what it printed. */
export const evaluate = (service: string, script: string): Promise<string> =>
  compose("exec", "--no-TTY", service, "node", "--input-type=module", "--eval", script);

/** The status of a probe of the API; 0 where nobody answers. */
export async function probe(url: string, name: "health" | "ready"): Promise<number> {
  return fetch(`${url}/v1/${name}`, { signal: AbortSignal.timeout(5_000) }).then(
    async (response) => (await response.body?.cancel(), response.status),
    () => 0,
  );
}

/** Makes a key, and clients with it. */
export async function makeKey(): Promise<(baseUrl: string, options?: Partial<ClientOptions>) => MillraceClient> {
  const apiKey = await compose("exec", "--no-TTY", "api", "node", "dist/create-key.js", "--name", "containers");
  return (baseUrl, options = {}) => createClient({ baseUrl, apiKey, ...options });
}
