import type { ApiKeyValidator } from "./api-key-validator.ts";

/** Asks validators in turn: a key is valid if it is for any of them. */
export function anyValidator(validators: readonly ApiKeyValidator[]): ApiKeyValidator {
  return {
    async validate(key) {
      for (const validator of validators) {
        const actor = await validator.validate(key);
        if (actor !== undefined) return actor;
      }
      return undefined;
    },
    async close() {
      await Promise.all(validators.map((validator) => validator.close()));
    },
  };
}
