import { runProgram } from "@millrace/e2e/processes";

import { releases } from "../releases.ts";
import { root } from "./root.ts";

const allRefs = Object.values(releases).map(({ ref }) => ref);

/** Why no earlier release can be had from a folder, in a sentence; undefined where git has all of them. */
export async function whyUnavailable(
  folder: string = root,
  refs: readonly string[] = allRefs,
): Promise<string | undefined> {
  const asked = runProgram("git", ["rev-parse", "--is-shallow-repository"], { cwd: folder });
  const isShallow = await asked.catch(() => undefined);
  if (isShallow === undefined) return "This is no clone of the repository, so there is no earlier release to start.";
  if (isShallow.trim() === "true") return "This clone is shallow, so there is no earlier release to start.";
  for (const ref of refs) {
    const found = await runProgram("git", ["cat-file", "-e", `${ref}^{commit}`], { cwd: folder }).catch(
      () => undefined,
    );
    if (found === undefined) return `The history of this repository does not hold the earlier release ${ref}.`;
  }
  return undefined;
}
