import { isMillraceError } from "@millrace/contract";
import { startEmbedded } from "@millrace/storage/embedded";

import { Refusal } from "../refusal.ts";
import type { DataFolder } from "./data-folder.ts";
import type { Part } from "./part.ts";

export interface DevDatabase extends Part {
  readonly url: string;
  readonly ended: Promise<string>;
}

const livenessMs = 500;

/** Starts the embedded PostgreSQL on the data folder. @throws Refusal, UNAVAILABLE */
export async function startDatabase(folder: DataFolder): Promise<DevDatabase> {
  const server = await startEmbedded({ dataDir: folder.postgres }).catch((error: unknown) => {
    throw explainStartError(folder, error);
  });
  const { pid } = server;
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  const liveness = setInterval(() => {
    if (!isAlive(pid)) resolve(`The embedded PostgreSQL has ended; its log is ${folder.postgres}/postgres.log.`);
  }, livenessMs);
  liveness.unref();
  // Whoever insists on an exit at once gets one; the server still closes its files in order.
  const onExit = (): void => void (isAlive(pid) && process.kill(pid, "SIGINT"));
  process.once("exit", onExit);
  return {
    name: "The embedded PostgreSQL",
    url: server.url,
    ended,
    async stop() {
      clearInterval(liveness);
      await server.stop();
      process.off("exit", onExit);
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Says which flag starts over where that is the way out: the storage package can't know of it. */
function explainStartError({ path, postgres }: DataFolder, error: unknown): unknown {
  if (!isMillraceError(error)) return error;
  const message = error.message.replaceAll(postgres, path);
  if (!message.includes("start over")) return new Refusal(message, { cause: error });
  return new Refusal(`${message} Starting with --reset does that; what it holds is then gone.`, { cause: error });
}
