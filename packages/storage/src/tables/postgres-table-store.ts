import type { Database } from "../database.ts";
import { tablesOf } from "./all-of.ts";
import { tableById } from "./by-id.ts";
import { changeTable } from "./change.ts";
import { columnsOf } from "./columns-of.ts";
import { tableChannel } from "./columns.ts";
import { createTable } from "./create.ts";
import { dropTable } from "./drop.ts";
import { findTable } from "./find.ts";
import { listTables } from "./list.ts";
import { namesOf } from "./names-of.ts";
import type { TableStore } from "./table-store.ts";

/** The tables in PostgreSQL; the database stays its owner's. */
export function createPostgresTableStore(db: Database): TableStore {
  return {
    createTable: (table) => createTable(db, table),
    findTable: (ref) => findTable(db, ref),
    tablesOf: (tenantId) => tablesOf(db, tenantId),
    namesOf: (tenantId) => namesOf(db, tenantId),
    listTables: (filter) => listTables(db, filter),
    changeTable: (change) => changeTable(db, change),
    dropTable: (ref) => dropTable(db, ref),
    columnsOf: (tableId, version) => columnsOf(db, tableId, version),
    tableById: (tableId) => tableById(db, tableId),
    watchTables: (onChange, onState) => db.listen(tableChannel, onChange, onState),
  };
}
