import type { Column, SchemaMode } from "@millrace/contract";
import { addTable } from "@millrace/storage/testing";

import type { TestApi } from "./start-test-api.ts";

/** A table as the store gives it. */
export type MadeTable = NonNullable<Awaited<ReturnType<TestApi["composition"]["tables"]["createTable"]>>>;

export interface TestTable {
  readonly name: string;
  /** Types by name; a `!` behind one makes the column not nullable. */
  readonly columns: Readonly<Record<string, string>>;
  readonly tenantId?: string;
  readonly schemaMode?: SchemaMode;
  readonly primaryKey?: readonly string[];
}

/** Makes a table as it is in storage, past the rules of the API. */
export async function makeTable(api: TestApi, given: TestTable): Promise<MadeTable> {
  const { name, tenantId = "acme", schemaMode = "strict", primaryKey = [] } = given;
  const columns = Object.entries(given.columns).map(([column, type], index): Column => ({
    fieldId: index + 1,
    name: column,
    type: type.replace("!", "") as "int64",
    nullable: !type.endsWith("!"),
  }));
  return addTable(api.composition.tables, {
    tenantId,
    name,
    columns,
    schemaMode,
    primaryKey: columns.filter((column) => primaryKey.includes(column.name)).map(({ fieldId }) => fieldId),
    nextFieldId: columns.length + 1,
  });
}
