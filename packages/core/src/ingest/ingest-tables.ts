import type { EventTable, TableRef } from "@millrace/storage";

import { type RecordValidator, compileRecordValidator } from "../tables/records/record-validator.ts";
import type { IngestTables, IngestTarget } from "./context.ts";

export interface IngestTablesOptions {
  /** Tables as they are now. The same object means the same table: its check is compiled once. */
  readonly find: (ref: TableRef) => Promise<EventTable | undefined>;
  /** Adds columns for what these payloads hold and the table doesn't know. */
  readonly evolve: (table: EventTable, payloads: readonly object[]) => Promise<EventTable>;
}

/** Puts each table together with the check of its records. */
export function createIngestTables({ find, evolve }: IngestTablesOptions): IngestTables {
  const validators = new WeakMap<EventTable, RecordValidator>();

  function targetOf(table: EventTable): IngestTarget {
    let validator = validators.get(table);
    if (validator === undefined) validators.set(table, (validator = compileRecordValidator(table)));
    return { table, validator };
  }

  return {
    async find(tenantId, name) {
      const table = await find({ tenantId, name });
      return table === undefined ? undefined : targetOf(table);
    },
    evolve: async ({ table }, payloads) => targetOf(await evolve(table, payloads)),
  };
}
