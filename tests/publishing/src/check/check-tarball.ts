import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

/** Resolution that the packages don't promise: they are ECMAScript modules, found by `exports`. */
const unsupported: readonly unknown[] = ["node10", "node16-cjs"];

/** What publint and Are The Types Wrong have against a packed package, a sentence each; nothing when it is in order. */
export async function checkTarball(tarball: Uint8Array<ArrayBuffer>): Promise<readonly string[]> {
  return [...(await findPackagingFaults(tarball)), ...(await findTypeFaults(tarball))];
}

async function findPackagingFaults(tarball: Uint8Array<ArrayBuffer>): Promise<readonly string[]> {
  const { messages, pkg } = await publint({ pack: { tarball: tarball.buffer }, strict: true });
  return messages.map((message) => `publint: ${formatMessage(message, pkg, { color: false }) ?? message.code}`);
}

async function findTypeFaults(tarball: Uint8Array<ArrayBuffer>): Promise<readonly string[]> {
  const found = await checkPackage(createPackageFromTarballData(tarball));
  if (found.types === false) return ["types: the package has none"];
  return found.problems
    .filter((problem) => !("resolutionKind" in problem && unsupported.includes(problem.resolutionKind)))
    .filter((problem) => !("resolutionOption" in problem && unsupported.includes(problem.resolutionOption)))
    .map((problem) => `types: ${JSON.stringify(problem)}`);
}
