import { stat } from "node:fs/promises";

import { MillraceError } from "@millrace/contract";

/** The size of the file that is to become an object. @throws INTERNAL where there is no such file */
export async function sourceBytes(file: string): Promise<number> {
  const found = await stat(file).catch((cause: unknown) => {
    throw new MillraceError("INTERNAL", `The file ${file}, which was to be stored, can't be read`, { cause });
  });
  if (!found.isFile()) throw new MillraceError("INTERNAL", `${file}, which was to be stored, is not a file`);
  return found.size;
}
