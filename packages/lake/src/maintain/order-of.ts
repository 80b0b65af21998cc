import type { EventTable } from "@millrace/storage";

import { quoteName } from "../duckdb-types.ts";

/**
 * How rows are ordered in a merged file: by what the table is partitioned by, then as it is sorted, then by offset. So the statistics of a file's row
 * groups let a query skip other partitions, though they share the file.
 */
export function orderOf({
  columns,
  partitionBy,
  sortBy,
}: Pick<EventTable, "columns" | "partitionBy" | "sortBy">): string {
  const nameOf = (fieldId: number): readonly string[] =>
    columns.filter((column) => column.fieldId === fieldId).map(({ name }) => quoteName(name));
  const partitions = partitionBy.flatMap(({ fieldId, transform }) =>
    nameOf(fieldId).map((name) => (transform === "identity" ? name : `date_trunc('${transform}', ${name})`)),
  );
  return `order by ${[...partitions, ...sortBy.flatMap(nameOf), "_offset"].join(", ")}`;
}
