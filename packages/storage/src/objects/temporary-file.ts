import { randomUUID } from "node:crypto";
import { open, rm } from "node:fs/promises";

const suffix = /~[0-9a-f-]{36}\.tmp$/;

/** True for a name that `withTemporaryFile` made; no object has such a name. */
export function isTemporaryFile(name: string): boolean {
  return suffix.test(name);
}

/**
 * Has `write` make a new file beside `target`, makes it read-only and durable, and hands it to `place`, which gives it its name.
 * Whatever happens, the temporary name is gone afterwards; only a process that dies leaves it behind.
 */
export async function withTemporaryFile<Result>(
  target: string,
  write: (file: string) => Promise<Result>,
  place: (file: string) => Promise<void>,
): Promise<Result> {
  const file = `${target}~${randomUUID()}.tmp`;
  try {
    const result = await write(file);
    await seal(file);
    await place(file);
    return result;
  } finally {
    await rm(file, { force: true });
  }
}

async function seal(file: string): Promise<void> {
  const handle = await open(file, "r");
  try {
    await handle.chmod(0o444);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
