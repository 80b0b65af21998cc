import type { Executor } from "../executor.ts";
import { deleteConsumed } from "./delete-consumed.ts";
import { dropConsumed } from "./drop-consumed.ts";
import { ensureEventPartitions } from "./ensure-partitions.ts";
import { rotateKeys } from "./rotate-keys.ts";

/** How long an idempotency key is known at least. */
export const keyWindowMs = 7 * 24 * 60 * 60 * 1_000;

/** Makes room for what comes and drops what is over, step by step, each a transaction of its own: any process may do it at any time, and end anywhere. */
export async function keepUpLog(
  db: Executor,
  options: { readonly keyWindowMs?: number | undefined } = {},
): Promise<void> {
  await ensureEventPartitions(db);
  await rotateKeys(db, options.keyWindowMs ?? keyWindowMs);
  await dropConsumed(db);
  await deleteConsumed(db);
}
