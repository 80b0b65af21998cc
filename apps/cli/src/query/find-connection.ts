import { resolve } from "node:path";

import { readClientEnvironment } from "@millrace/config";

import { type Connection, readConnection } from "../dev/connection-file.ts";
import type { CliIo } from "../io.ts";
import { Refusal } from "../refusal.ts";
import { UsageError } from "../usage-error.ts";

export interface ConnectionFlags {
  readonly url: string | undefined;
  readonly apiKey: string | undefined;
  readonly dataDir: string | undefined;
}

export interface FoundConnection extends Connection {
  /** Whether `millrace dev` said so, which may not run any more. */
  readonly ofDev: boolean;
}

/** Which API to ask and with which key: as flags say, else the environment, else the `millrace dev` of the data folder. @throws Refusal, UsageError */
export async function findConnection(io: CliIo, flags: ConnectionFlags): Promise<FoundConnection> {
  const environment = readClientEnvironment(io.env);
  const given = { url: flags.url ?? environment.url, apiKey: flags.apiKey ?? environment.apiKey };
  if (given.url !== undefined && !isHttp(given.url)) {
    throw new UsageError(`"${given.url}" is no URL of an API, such as http://127.0.0.1:8080.`, "millrace query");
  }
  const folder = flags.dataDir ?? ".millrace";
  const running = await readConnection(resolve(io.cwd, folder));
  const url = given.url ?? running?.url;
  if (url === undefined) {
    throw new Refusal(
      `There is no API to ask: no \`millrace dev\` runs on the data folder ${folder}. Start it, or say where the API is: --url and --api-key, or MILLRACE_URL and MILLRACE_API_KEY.`,
    );
  }
  // A key goes to the API that it belongs to, and to no other.
  const own = running !== undefined && isSame(url, running.url) ? running.apiKey : undefined;
  const apiKey = given.apiKey ?? own;
  if (apiKey === undefined) throw new Refusal(`${url} needs an API key: --api-key or MILLRACE_API_KEY.`);
  return { url, apiKey, ofDev: given.url === undefined };
}

function isHttp(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function isSame(one: string, other: string): boolean {
  return new URL(one).href === new URL(other).href;
}
