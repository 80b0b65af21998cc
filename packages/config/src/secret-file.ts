import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";

const bytesMax = 64 * 1024;

/** What a secret file holds, without its one trailing line break; or why it can't be used. Never both. */
export function readSecretFile(path: string): { readonly text: string } | { readonly refusal: string } {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (error) {
    return { refusal: `cannot be read (${(error as NodeJS.ErrnoException).code})` };
  }
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) return { refusal: "is not a file" };
    if (stat.size > bytesMax) return { refusal: "is larger than 64KiB" };
    const text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(descriptor)).replace(/\r?\n$/, "");
    return text.trim() === "" ? { refusal: "is empty" } : { text };
  } catch (error) {
    return { refusal: error instanceof TypeError ? "is not UTF-8 text" : "cannot be read" };
  } finally {
    closeSync(descriptor);
  }
}
