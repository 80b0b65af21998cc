import { compileRecordValidator } from "@millrace/core";

/** How long the check of one record takes, beside the JSON.parse that comes before it: medians of rounds, on one core. */
const rounds = 9;
const recordsPerRound = 300_000;

const types = ["int64", "varchar", "varchar", "uuid", "timestamp", "float64", "int32", "boolean"] as const;
const columns = types.map((type, at) => ({ fieldId: at + 1, name: `column_${at}`, type, nullable: at > 3 }));
const validator = compileRecordValidator({ columns, schemaMode: "strict", primaryKey: [] });
const texts = Array.from({ length: 1_000 }, (_, i) =>
  JSON.stringify({
    column_0: i * 1e9,
    column_1: `page view ${i}`,
    column_2: `https://example.com/a/b?c=${i}`,
    column_3: `0198a3c4-5d6e-7f80-9a1b-2c3d4e5f${String(6_000 + i)}`,
    column_4: "2026-01-31T12:00:00.123Z",
    column_5: i / 7,
    column_6: i,
    column_7: i % 2 === 0,
  }),
);
const records = texts.map((text) => JSON.parse(text) as unknown);

const check = measure(records, (record) => {
  if (!validator.check(record).ok) throw new Error("A record was refused.");
});
const parse = measure(texts, (text) => JSON.parse(text) as unknown);
process.stdout.write(`check ${check.toFixed(2)} µs a record, JSON.parse ${parse.toFixed(2)} µs\n`);

/** Microseconds a call, the median of the rounds. */
function measure<Item>(items: readonly Item[], run: (item: Item) => unknown): number {
  const times = Array.from({ length: rounds }, () => {
    const startMs = performance.now();
    for (let done = 0; done < recordsPerRound; done += items.length) for (const item of items) run(item);
    return ((performance.now() - startMs) * 1_000) / recordsPerRound;
  });
  return times.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN;
}
