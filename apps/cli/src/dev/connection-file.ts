import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { errorCode } from "./error-code.ts";
import type { Part } from "./part.ts";

/** Where an API is, and a key that it takes. */
export interface Connection {
  readonly url: string;
  readonly apiKey: string;
}

/** Keeps in the data folder how to reach what runs on it, for its owner's other commands. */
export async function keepConnection(folder: string, connection: Connection): Promise<Part> {
  const file = pathIn(folder);
  // A new file: the mode of one that is there would stay as it is.
  await rm(file, { force: true });
  await writeFile(file, `${JSON.stringify(connection)}\n`, { mode: 0o600, flag: "wx" });
  return { name: "The connection file", stop: () => rm(file, { force: true }) };
}

/** How to reach the `millrace dev` of a data folder; undefined where none runs, or runs without one. One that was killed leaves its word behind. */
export async function readConnection(folder: string): Promise<Connection | undefined> {
  try {
    const { url, apiKey } = JSON.parse(await readFile(pathIn(folder), "utf8")) as Partial<Connection>;
    return typeof url === "string" && typeof apiKey === "string" ? { url, apiKey } : undefined;
  } catch (error) {
    // Half a file is being written just now.
    if (error instanceof SyntaxError || ["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "")) return undefined;
    throw error;
  }
}

function pathIn(folder: string): string {
  return join(folder, "connection.json");
}
