import { runProgram } from "@millrace/e2e/processes";

import { root } from "./root.ts";

/** Why no earlier release can be had here, in a sentence; undefined where git has the whole history. */
export async function whyUnavailable(): Promise<string | undefined> {
  const git = (...args: readonly string[]) => runProgram("git", ["-C", root, ...args], { cwd: root });
  const isShallow = await git("rev-parse", "--is-shallow-repository").catch(() => undefined);
  if (isShallow === undefined) return "This is no clone of the repository, so there is no earlier release to start.";
  if (isShallow.trim() === "true") return "This clone is shallow, so there is no earlier release to start.";
  return undefined;
}
