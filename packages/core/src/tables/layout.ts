import type { z } from "zod";

import type { Column, FieldError, partitionBySchema } from "@millrace/contract";
import type { PartitionField } from "@millrace/storage";

/** Finds columns by name for a layout of files, and collects what is wrong with it. */
export interface LayoutReader {
  readonly errors: FieldError[];
  primaryKey(names: readonly string[]): readonly number[];
  sortBy(names: readonly string[]): readonly number[];
  partitionBy(fields: z.output<typeof partitionBySchema>): readonly PartitionField[];
}

const unordered = "a list, struct or json has no order";

/** Reads which columns are the key, the order and the division of rows. Each column can be named once in each. */
export function createLayoutReader(columns: readonly Column[]): LayoutReader {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const errors: FieldError[] = [];

  function read(list: string, names: readonly string[], problemOf: (column: Column, at: number) => string | undefined) {
    return names.flatMap((name, at) => {
      const column = byName.get(name);
      const isAgain = names.indexOf(name) < at;
      const problem = column === undefined ? "there is no such column" : problemOf(column, at);
      const told = isAgain ? "named twice" : problem;
      if (told !== undefined) {
        errors.push({ path: `${list}.${at}`, code: "invalid_column", message: `The column ${name}: ${told}.` });
      }
      return told === undefined && column !== undefined ? [column.fieldId] : [];
    });
  }

  return {
    errors,
    primaryKey: (names) =>
      read("primaryKey", names, (column) => {
        if (!isOrdered(column) || column.type === "float64") return "a key has no float64, json, list or struct";
        return column.default === undefined ? undefined : "a key has no default";
      }),
    sortBy: (names) => read("sortBy", names, (column) => (isOrdered(column) ? undefined : unordered)),
    partitionBy(fields) {
      const names = fields.map(({ column }) => column);
      const fieldIds = read("partitionBy", names, (column, at) => {
        const { transform } = fields[at] ?? { transform: "identity" };
        if (transform === "identity") return isOrdered(column) && column.type !== "float64" ? undefined : unordered;
        return column.type === "timestamp" || column.type === "date"
          ? undefined
          : `a ${transform} needs a timestamp or date`;
      });
      return errors.length > 0
        ? []
        : fieldIds.map((fieldId, at) => ({ fieldId, transform: fields[at]?.transform ?? "identity" }));
    },
  };
}

function isOrdered({ type }: Column): boolean {
  return typeof type === "string" && type !== "json";
}
