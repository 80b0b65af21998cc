import { isDeepStrictEqual, inspect } from "node:util";

/** The steps of a drill, told as they end. */
export interface Steps {
  /** Does a step; what it throws ends the drill, named after the step. */
  run<Result>(what: string, work: () => Promise<Result>): Promise<Result>;
  /** Says that something is as it has to be. @throws where it is not */
  same(what: string, actual: unknown, expected: unknown): void;
}

/** Makes steps that write a line each. */
export function createSteps(write: (line: string) => void): Steps {
  return {
    async run(what, work) {
      const startMs = performance.now();
      try {
        const result = await work();
        write(`done   ${what} (${((performance.now() - startMs) / 1_000).toFixed(1)} s)`);
        return result;
      } catch (error) {
        throw new Error(`The drill can't go on: ${what}`, { cause: error });
      }
    },
    same(what, actual, expected) {
      if (!isDeepStrictEqual(actual, expected)) {
        throw new Error(
          `FAILED ${what}\nfound    ${inspect(actual, { depth: 5 })}\nexpected ${inspect(expected, { depth: 5 })}`,
        );
      }
      write(`ok     ${what}`);
    },
  };
}
