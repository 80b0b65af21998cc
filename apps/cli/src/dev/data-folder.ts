import { access, constants, mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { Refusal } from "../refusal.ts";
import { errorCode } from "./error-code.ts";
import { explainFolderError } from "./folder-error.ts";
import { lockFile } from "./folder-lock.ts";
import type { Part } from "./part.ts";

/** Where `millrace dev` keeps things. */
export interface DataFolder extends Part {
  readonly path: string;
  readonly postgres: string;
  readonly keyFile: string;
  /** Whether there is a database from an earlier start. */
  readonly hasDatabase: boolean;
}

export interface DataFolderOptions {
  /** Empty the folder first, if it is one of ours. */
  readonly reset: boolean;
}

/** The file that tells our folders from anybody else's. */
const marker = "millrace-data";
const lockName = "lock";
/** What may be there before the marker is: with a database of one's own only the lake is kept here. */
const lakeNames = ["lake", "cache"];
const markerText =
  "This folder holds the database and the API key of `millrace dev`. `millrace dev --reset` empties it, and nothing else.\n";

/** Makes the folder unless it is there, takes it for this process alone, and empties it if asked. @throws Refusal */
export async function openDataFolder(path: string, { reset }: DataFolderOptions): Promise<DataFolder> {
  const postgres = join(path, "postgres");
  const keyFile = join(path, "api-key");
  try {
    await claimFolder(path, reset);
    const lock = lockFile(join(path, lockName));
    if (lock === undefined) {
      throw new Refusal(
        `Another \`millrace dev\` is running on the data folder ${path}. Stop it, or give this one a folder of its own: --data-dir <path>.`,
      );
    }
    if (reset) await emptyFolder(path);
    const cluster = await stat(join(postgres, "cluster")).catch(() => undefined);
    return {
      name: "The data folder",
      path,
      postgres,
      keyFile,
      hasDatabase: cluster !== undefined,
      stop: async () => lock.release(),
    };
  } catch (error) {
    throw explainFolderError(path, error);
  }
}

/** Makes sure that the folder is ours: new, empty, or marked by an earlier start. */
async function claimFolder(path: string, reset: boolean): Promise<void> {
  await mkdir(path, { recursive: true });
  const names = await readdir(path);
  if (!names.includes(marker) && names.some((name) => !lakeNames.includes(name))) {
    throw new Refusal(
      reset
        ? `--reset empties data folders of \`millrace dev\` only, and ${path} is not one: it has no file \`${marker}\`. Nothing was removed.`
        : `The folder ${path} holds other things. Choose an empty one, or a new one: --data-dir <path>.`,
    );
  }
  await access(path, constants.W_OK);
  await writeFile(join(path, marker), markerText, { flag: "wx" }).catch((error: unknown) => {
    if (errorCode(error) !== "EEXIST") throw error;
  });
  // What is in here is nobody's source.
  await writeFile(join(path, ".gitignore"), "*\n");
}

async function emptyFolder(path: string): Promise<void> {
  const kept = [marker, lockName, ".gitignore"];
  for (const name of await readdir(path)) {
    // A server that was killed with its owner may still be writing.
    if (!kept.includes(name)) await rm(join(path, name), { recursive: true, force: true, maxRetries: 10 });
  }
}
