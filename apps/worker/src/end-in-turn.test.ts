import { expect, test } from "vitest";

import { silentLogger } from "@millrace/telemetry";

import { endInTurn } from "./end-in-turn.ts";

test("every part is ended, stage by stage, though others reject or throw, and each failure is told of", async () => {
  const calls: string[] = [];
  const told: unknown[] = [];
  const logger = { ...silentLogger, error: (fields: { readonly err?: unknown }) => void told.push(fields.err) };
  const [rejected, thrown] = [new Error("rejected"), new Error("thrown")];
  const slow = Promise.withResolvers<void>();
  const ending = endInTurn(
    logger,
    [
      () => Promise.reject(rejected),
      () => slow.promise.then(() => calls.push("slow")),
      () => undefined,
      () => {
        throw thrown;
      },
    ],
    [async () => void calls.push("last")],
  );
  slow.resolve();
  await ending;
  expect(calls).toEqual(["slow", "last"]);
  expect(told).toEqual([rejected, thrown]);
});
