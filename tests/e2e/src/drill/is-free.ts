import { readdir } from "node:fs/promises";

/** Whether a folder is empty, or not there yet. @throws where it can't be told */
export async function isFree(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length === 0;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return true;
    throw error;
  }
}
