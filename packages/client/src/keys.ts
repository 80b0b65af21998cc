import type { CreateKeyRequest, KeyJson, RotateKeyRequest } from "@millrace/contract";

import type { CallOptions } from "./options.ts";
import { search } from "./search.ts";
import type { Transport } from "./transport.ts";

/** A key with its secret, which is shown this once. */
export interface NewKey extends KeyJson {
  readonly key: string;
}

export interface KeyPage {
  readonly items: readonly KeyJson[];
  readonly nextCursor: string | null;
}

/** The API keys of the key's tenant. Every call can throw MillraceApiError. */
export interface KeysClient {
  create(key: CreateKeyRequest, options?: CallOptions): Promise<NewKey>;
  list(query?: { readonly limit?: number; readonly cursor?: string }, options?: CallOptions): Promise<KeyPage>;
  revoke(id: string, options?: CallOptions): Promise<void>;
  /** A new secret for the key; the old one goes on working for `overlapMs`. */
  rotate(id: string, request?: RotateKeyRequest, options?: CallOptions): Promise<NewKey>;
}

/** The calls of `/v1/keys`. */
export function createKeysClient(send: Transport): KeysClient {
  const path = (id: string) => `/v1/keys/${encodeURIComponent(id)}`;
  return {
    async create(key, options) {
      return (await send({ method: "POST", path: "/v1/keys", body: key, repeatable: false }, options)).body as NewKey;
    },
    async list(query = {}, options) {
      const request = { method: "GET", path: `/v1/keys${search(query)}`, repeatable: true } as const;
      return (await send(request, options)).body as KeyPage;
    },
    async revoke(id, options) {
      await send({ method: "DELETE", path: path(id), repeatable: true }, options);
    },
    async rotate(id, request = {}, options) {
      const sent = { method: "POST", path: `${path(id)}/rotate`, body: request, repeatable: false } as const;
      return (await send(sent, options)).body as NewKey;
    },
  };
}
