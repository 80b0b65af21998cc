import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { thresholds } from "./thresholds.ts";

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly anyOf?: readonly Schema[];
  readonly maximum?: number;
}

/** The largest value that a key of the section `lake` may have, as the configuration's own JSON Schema says. */
function maximumOf(key: string): number {
  const file = new URL("../../../docs/reference/millrace.schema.json", import.meta.url);
  const schema = JSON.parse(readFileSync(file, "utf8")) as Schema;
  const found = schema.properties?.["lake"]?.properties?.[key]?.anyOf?.map(({ maximum }) => maximum);
  const maximum = found?.find((one) => one !== undefined);
  if (maximum === undefined) throw new Error(`lake.${key} has no maximum`);
  return maximum;
}

test.each([
  ["EventsLate", "flushMs"],
  ["JobHistoryLate", "historyFlushMs"],
])("%s needs more than twice the longest lake.%s that is allowed", (name, key) => {
  const expression = thresholds.find((alert) => alert.name === name)?.expression;
  const limitSeconds = Number(/ > (\d+)$/.exec(expression ?? "")?.[1]);
  expect(limitSeconds * 1_000).toBeGreaterThan(2 * maximumOf(key));
});
