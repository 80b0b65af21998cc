import type {
  CreateTableRequest,
  GetTableQuery,
  ListTablesQuery,
  TableJson,
  TableVersionJson,
  UpdateTableRequest,
} from "@millrace/contract";

import type { CallOptions } from "./options.ts";
import { search } from "./search.ts";
import type { ApiRequest, Transport } from "./transport.ts";

export interface TablePage {
  readonly items: readonly TableJson[];
  readonly nextCursor: string | null;
}

/** The event tables of the key's tenant. Every call can throw MillraceApiError. */
export interface TablesClient {
  /** One page, by name. */
  list(query?: ListTablesQuery, options?: CallOptions): Promise<TablePage>;
  /** Makes a table; ALREADY_EXISTS when its name is taken. */
  create(table: CreateTableRequest, options?: CallOptions): Promise<TableJson>;
  /** The table, with the columns that are in force or those of the version that is asked for. */
  get(name: string, query?: GetTableQuery, options?: CallOptions): Promise<TableVersionJson>;
  /** Changes a table, all or nothing; SCHEMA_INCOMPATIBLE with the reason when its columns can't be changed so. */
  update(name: string, change: UpdateTableRequest, options?: CallOptions): Promise<TableJson>;
  /** Drops a table; its name is free. */
  delete(name: string, options?: CallOptions): Promise<void>;
}

/** The calls of `/v1/tables`. */
export function createTablesClient(send: Transport): TablesClient {
  const call = async <Body>(request: ApiRequest, options?: CallOptions) => (await send(request, options)).body as Body;
  const all = "/v1/tables";
  const path = (name: string) => `${all}/${encodeURIComponent(name)}`;
  return {
    list: (query = {}, options) => call({ method: "GET", path: all + search(query), repeatable: true }, options),
    create: (table, options) => call({ method: "POST", path: all, body: table, repeatable: false }, options),
    get: (name, query = {}, options) =>
      call({ method: "GET", path: path(name) + search(query), repeatable: true }, options),
    update: (name, change, options) =>
      call({ method: "PATCH", path: path(name), body: change, repeatable: false }, options),
    async delete(name, options) {
      await call({ method: "DELETE", path: path(name), repeatable: false }, options);
    },
  };
}
