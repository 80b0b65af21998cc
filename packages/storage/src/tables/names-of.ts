import type { Executor, Statement } from "../executor.ts";

/** A table without what it is made of. */
export interface TableName {
  readonly tableId: number;
  readonly tenantNo: number;
  readonly name: string;
  readonly system: boolean;
}

/** One snapshot of all of them, and none of their columns. */
const namesOfStatement: Statement = {
  name: "tables.names_of",
  text: `
select t.table_id as "tableId", t.tenant_no as "tenantNo", t.name, t.system from millrace.event_tables t
where t.tenant_id = $1::text and t.dropped_at is null order by t.table_id`,
};

/** The names of all live tables of a tenant, the system's included, oldest first. */
export function namesOf(db: Executor, tenantId: string): Promise<readonly TableName[]> {
  return db.query<TableName>(namesOfStatement, [tenantId]);
}
