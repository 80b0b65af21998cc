import type { DeadLetterJson } from "@millrace/contract";

import { type DeadLetterCtx, visibleDeadLetter } from "./context.ts";
import { deadLetterJson } from "./dead-letter-json.ts";

/** One dead letter with its payload. @throws FORBIDDEN, NOT_FOUND */
export async function getDeadLetter(ctx: DeadLetterCtx, { id }: { readonly id: string }): Promise<DeadLetterJson> {
  return deadLetterJson(await visibleDeadLetter(ctx, id));
}
