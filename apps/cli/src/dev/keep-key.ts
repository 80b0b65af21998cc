import { randomBytes } from "node:crypto";
import { link, readFile, rm, writeFile } from "node:fs/promises";

import { Refusal } from "../refusal.ts";
import { errorCode } from "./error-code.ts";

/** The key that a file keeps, readable by its owner only; where there is no such file, it is made with a new key. @throws Refusal */
export async function keepKey(file: string): Promise<string> {
  const kept = await read(file);
  if (kept !== undefined) return kept;
  // A complete file is linked into place: never a half-written one, and of two starts at once the first decides.
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    await writeFile(draft, `${await mint()}\n`, { mode: 0o600 });
    await link(draft, file).catch((error: unknown) => {
      if (errorCode(error) !== "EEXIST") throw error;
    });
  } finally {
    await rm(draft, { force: true });
  }
  return (await read(file)) ?? "";
}

async function read(file: string): Promise<string | undefined> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  });
  const key = text?.trim();
  // Anything else could be neither printed on a line nor sent in a header.
  if (key !== undefined && !/^[\x21-\x7e]+$/.test(key)) {
    throw new Refusal(`The file ${file} does not hold an API key. Remove it, and the next start makes another.`);
  }
  return key;
}

/** Loaded late: most starts find their key. */
async function mint(): Promise<string> {
  const { mintKey } = await import("@millrace/auth");
  return mintKey("dev").key;
}
