import type { DuckDBConnection } from "@duckdb/node-api";

import type { EventTable, PartitionField } from "@millrace/storage";

import { quoteName, quoteText } from "../duckdb-types.ts";

/** Files of one batch at most: with more values of the partition than this the batch stays together. */
const partitionsMax = 16;

/** Rows of `typed` that go into one file. */
export interface Partition {
  /** Condition of SQL. */
  readonly where: string;
  readonly rowCount: number;
  readonly minOffset: number;
  readonly maxOffset: number;
  readonly minIngestedAt: Date;
  readonly maxIngestedAt: Date;
}

/** How the rows of `typed` are divided over files; none where there are no rows. */
export async function findPartitions(
  connection: DuckDBConnection,
  table: Pick<EventTable, "columns" | "partitionBy">,
): Promise<readonly Partition[]> {
  const keys = table.partitionBy.flatMap((field) => partitionKey(field, table.columns) ?? []);
  const divided = keys.length === 0 ? [] : await summarise(connection, keys);
  if (divided.length > 1 && divided.length <= partitionsMax) return divided;
  return summarise(connection, []);
}

async function summarise(connection: DuckDBConnection, keys: readonly string[]): Promise<readonly Partition[]> {
  const values = keys.map((key) => `cast(${key} as varchar)`);
  const columns = [
    "count(*)",
    "min(_offset)",
    "max(_offset)",
    "epoch_ms(min(_ingested_at))",
    "epoch_ms(max(_ingested_at))",
  ];
  const grouping = values.length === 0 ? "" : `group by ${values.join(", ")}`;
  const result = await connection.runAndReadAll(
    `select ${[...columns, ...values].join(", ")} from typed ${grouping} having count(*) > 0 order by min(_offset) limit ${partitionsMax + 1}`,
  );
  return result.getRowsJS().map(([rowCount, minOffset, maxOffset, minIngestedAt, maxIngestedAt, ...found]) => ({
    where: ["true", ...values.map((value, index) => isSame(value, found[index]))].join(" and "),
    rowCount: Number(rowCount),
    minOffset: Number(minOffset),
    maxOffset: Number(maxOffset),
    minIngestedAt: new Date(Number(minIngestedAt)),
    maxIngestedAt: new Date(Number(maxIngestedAt)),
  }));
}

function partitionKey({ fieldId, transform }: PartitionField, columns: EventTable["columns"]): string | undefined {
  const column = columns.find((candidate) => candidate.fieldId === fieldId);
  if (column === undefined) return undefined;
  return transform === "identity" ? quoteName(column.name) : `date_trunc('${transform}', ${quoteName(column.name)})`;
}

function isSame(value: string, found: unknown): string {
  return typeof found === "string" ? `${value} = ${quoteText(found)}` : `${value} is null`;
}
