import { authenticate } from "@millrace/auth/hono";
import { isMillraceError } from "@millrace/contract";

import type { Api } from "../api.ts";
import type { ApiContext } from "./api-env.ts";

/** How often the key of a stream is looked at: as long as the validator remembers a key, unless told otherwise. */
export const keyCheckMsDefault = 5_000;

/** Checks the key of a request that has waited: it may have been revoked, or have expired, meanwhile. @throws UNAUTHENTICATED, UNAVAILABLE */
export async function checkKeyAgain(c: ApiContext, api: Pick<Api, "validator">): Promise<void> {
  await authenticate(c, api.validator);
}

export interface KeyWatch {
  /** Fires once the key is no longer valid. */
  readonly signal: AbortSignal;
  stop(): void;
}

/** Looks at the key of a long request now and then. While it can't be told whether the key is valid, it counts as such. */
export function watchKey(c: ApiContext, api: Pick<Api, "validator" | "keyCheckMs">): KeyWatch {
  const over = new AbortController();
  const timer = setInterval(() => void check(), api.keyCheckMs);

  async function check(): Promise<void> {
    try {
      await checkKeyAgain(c, api);
    } catch (error) {
      if (isMillraceError(error, "UNAUTHENTICATED")) over.abort();
    }
  }

  return { signal: over.signal, stop: () => clearInterval(timer) };
}
