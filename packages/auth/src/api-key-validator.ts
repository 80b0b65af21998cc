import type { Actor } from "./actor.ts";

/**
 * Checks API keys; `describeApiKeyValidator` in `@millrace/auth/testing` is the contract's proof. An unknown, wrong, expired or revoked
 * key is undefined, always in the same way. @throws UNAVAILABLE when it can't be told whether a key is valid
 */
export interface ApiKeyValidator {
  validate(key: string): Promise<Actor | undefined>;
  /** Writes what is still to be noted and stops listening. */
  close(): Promise<void>;
}
