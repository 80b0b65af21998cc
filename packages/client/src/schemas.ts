import type {
  GetPayloadSchemaQuery,
  JsonObject,
  ListPayloadSchemasQuery,
  PayloadSchemaJson,
  PayloadSchemaListJson,
  PutPayloadSchemaResponse,
} from "@millrace/contract";

import type { CallOptions } from "./options.ts";
import { search } from "./search.ts";
import type { ApiRequest, Transport } from "./transport.ts";

/** The payload schemas of the key's tenant. Every call can throw MillraceApiError. */
export interface SchemasClient {
  /** One page of those in force, by type, without the schemas themselves. */
  list(query?: ListPayloadSchemasQuery, options?: CallOptions): Promise<PayloadSchemaListJson>;
  /** The schema in force, or any version that there ever was. */
  get(type: string, query?: GetPayloadSchemaQuery, options?: CallOptions): Promise<PayloadSchemaJson>;
  /** Puts a schema in force for the payloads of a job type; the same again keeps its version. */
  publish(type: string, schema: JsonObject, options?: CallOptions): Promise<PutPayloadSchemaResponse>;
  /** Payloads of the type are no longer checked. */
  delete(type: string, options?: CallOptions): Promise<void>;
}

/** The calls of `/v1/schemas`. */
export function createSchemasClient(send: Transport): SchemasClient {
  const call = async <Body>(request: ApiRequest, options?: CallOptions) => (await send(request, options)).body as Body;
  const all = "/v1/schemas";
  const path = (type: string) => `${all}/${encodeURIComponent(type)}`;
  return {
    list: (query = {}, options) => call({ method: "GET", path: all + search(query), repeatable: true }, options),
    get: (type, query = {}, options) =>
      call({ method: "GET", path: path(type) + search(query), repeatable: true }, options),
    publish: (type, schema, options) =>
      call({ method: "PUT", path: path(type), body: { schema }, repeatable: true }, options),
    async delete(type, options) {
      await call({ method: "DELETE", path: path(type), repeatable: false }, options);
    },
  };
}
