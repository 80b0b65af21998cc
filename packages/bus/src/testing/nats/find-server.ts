import { execFileSync } from "node:child_process";
import { homedir } from "node:os";
import { join } from "node:path";

/** A nats-server program. */
export interface NatsProgram {
  readonly path: string;
  /** Such as `2.9.10`. */
  readonly version: string;
}

/** Why tests on NATS don't run where there is no program, and what to do about it. */
export const noNatsServer =
  "skipped: there is no nats-server, neither in TEST_NATS_SERVER nor on the PATH nor fetched by tooling/nats/fetch-server.sh";

/** The program that the surroundings offer: `TEST_NATS_SERVER`, else on the PATH, else what `tooling/nats/fetch-server.sh` has fetched; undefined where there is none. */
export function findNatsServer(): NatsProgram | undefined {
  const { env } = process;
  const cache = env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const places = [
    env["TEST_NATS_SERVER"],
    "nats-server",
    join(cache, "millrace", "nats-server", "usr/sbin/nats-server"),
  ];
  for (const path of places) {
    const version = path === undefined ? undefined : versionOf(path);
    if (path !== undefined && version !== undefined) return { path, version };
  }
  return undefined;
}

function versionOf(path: string): string | undefined {
  try {
    return /(\d+\.\d+\.\d+)/.exec(execFileSync(path, ["--version"], { encoding: "utf8" }))?.[1];
  } catch {
    return undefined;
  }
}
