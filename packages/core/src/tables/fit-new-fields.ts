import { tableLimits } from "@millrace/contract";
import type { EventTable } from "@millrace/storage";

import { countFields } from "./new-column.ts";

/** Why a record's new field can't be a column. */
export interface FieldRefusal {
  readonly name: string;
  readonly message: string;
}

/**
 * Decides record by record, in their order, whether a table can have columns for what is new in it: answers what is in the way, or undefined and counts the columns in.
 * So an odd record ends itself, and none of those around it.
 */
export function createFieldFitter(
  table: Pick<EventTable, "columns">,
): (newNames: readonly string[]) => FieldRefusal | undefined {
  const names = new Map(table.columns.map(({ name }) => [name.toLowerCase(), name]));
  const innerCount = countFields(table.columns) - table.columns.length;
  const columnsMax = Math.min(tableLimits.columnsMax, tableLimits.fieldsMax - innerCount);

  return (newNames) => {
    const added = new Map<string, string>();
    for (const name of newNames) {
      const lower = name.toLowerCase();
      const other = names.get(lower) ?? added.get(lower);
      if (other === name) continue;
      if (other !== undefined) {
        return { name, message: `There is ${other} already; names of columns differ by more than case.` };
      }
      added.set(lower, name);
      if (names.size + added.size > columnsMax) {
        return { name, message: `A table has ${columnsMax} columns at most.` };
      }
    }
    for (const [lower, name] of added) names.set(lower, name);
    return undefined;
  };
}
