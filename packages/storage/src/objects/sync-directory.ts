import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";

/** Makes the names in a directory durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Makes a directory, and the names of it and of those above it durable: up to `root`, whoever made them, and above it
 * where this call did. Both paths are absolute, and the directory is below the root or the root itself.
 */
export async function makeDurableDirectory(root: string, directory: string): Promise<void> {
  const first = await mkdir(directory, { recursive: true });
  const top = first !== undefined && root.startsWith(first) ? dirname(first) : root;
  for (let at = directory; at !== top; at = dirname(at)) await syncDirectory(dirname(at));
}
