import { runProgram } from "@millrace/e2e/processes";

import { root } from "./root.ts";

/** Why no earlier release can be had from a folder, in a sentence; undefined where git has the whole history. */
export async function whyUnavailable(folder: string = root): Promise<string | undefined> {
  const asked = runProgram("git", ["rev-parse", "--is-shallow-repository"], { cwd: folder });
  const isShallow = await asked.catch(() => undefined);
  if (isShallow === undefined) return "This is no clone of the repository, so there is no earlier release to start.";
  if (isShallow.trim() === "true") return "This clone is shallow, so there is no earlier release to start.";
  return undefined;
}
