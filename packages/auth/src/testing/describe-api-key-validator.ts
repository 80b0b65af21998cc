import { describe, expect, test } from "vitest";

import type { Actor } from "../actor.ts";
import type { ApiKeyValidator } from "../api-key-validator.ts";
import { mintKey } from "../key-format.ts";

export interface ValidatorUnderTest {
  readonly validator: ApiKeyValidator;
  /** A key that is valid, and whose it is. */
  readonly valid: { readonly key: string; readonly actor: Actor };
  /** Keys that are not valid any more: expired, revoked. */
  readonly ended: readonly string[];
}

/** What every validator of API keys must do. `open` is called for each test; the validator is closed after it. */
export function describeApiKeyValidator(name: string, open: () => Promise<ValidatorUnderTest>): void {
  const start = async () => {
    const under = await open();
    return { ...under, [Symbol.asyncDispose]: () => under.validator.close() };
  };

  describe(`${name}, as every validator`, () => {
    test("knows whose a valid key is, each time it is asked", async () => {
      await using under = await start();
      const { validator, valid } = under;
      expect(await validator.validate(valid.key)).toEqual(valid.actor);
      expect(await validator.validate(valid.key)).toEqual(valid.actor);
    });

    test("answers many at once alike", async () => {
      await using under = await start();
      const { validator, valid } = under;
      const answers = await Promise.all(Array.from({ length: 20 }, () => validator.validate(valid.key)));
      expect(answers).toEqual(answers.map(() => valid.actor));
    });

    test("refuses an unknown key that is well-formed", async () => {
      await using under = await start();
      const { validator } = under;
      expect(await validator.validate(mintKey("live").key)).toBeUndefined();
    });

    test("refuses every near miss of a valid key", async () => {
      await using under = await start();
      const { validator, valid } = under;
      const { key } = valid;
      const misses = [
        "",
        key.slice(0, -1),
        `${key}0`,
        ` ${key}`,
        `${key} `,
        key.toUpperCase() === key ? key.toLowerCase() : key.toUpperCase(),
        key.replace(/.$/, (last) => (last === "0" ? "1" : "0")),
        "mr_live_",
        "\0",
        "é".repeat(60),
      ];
      for (const miss of misses)
        expect({ miss, actor: await validator.validate(miss) }).toEqual({ miss, actor: undefined });
    });

    test("refuses keys that have ended", async () => {
      await using under = await start();
      const { validator, ended } = under;
      for (const key of ended) expect(await validator.validate(key)).toBeUndefined();
    });
  });
}
