import type { ListSnapshotsQuery, PinSnapshotRequest, SnapshotJson } from "@millrace/contract";

import type { CallOptions } from "./options.ts";
import { search } from "./search.ts";
import type { ApiRequest, Transport } from "./transport.ts";

export interface SnapshotPage {
  readonly items: readonly SnapshotJson[];
  readonly nextCursor: string | null;
}

/** The snapshots of the key's tenant. Every call can throw MillraceApiError. */
export interface SnapshotsClient {
  /** One page, newest first. */
  list(query?: ListSnapshotsQuery, options?: CallOptions): Promise<SnapshotPage>;
  get(snapshotId: number, options?: CallOptions): Promise<SnapshotJson>;
  /** Keeps a snapshot from expiring; a second pin replaces the first. */
  pin(snapshotId: number, pin: PinSnapshotRequest, options?: CallOptions): Promise<SnapshotJson>;
  unpin(snapshotId: number, options?: CallOptions): Promise<void>;
}

/** The calls of `/v1/snapshots`. */
export function createSnapshotsClient(send: Transport): SnapshotsClient {
  const call = async <Body>(request: ApiRequest, options?: CallOptions) => (await send(request, options)).body as Body;
  const all = "/v1/snapshots";
  return {
    list: (query = {}, options) => call({ method: "GET", path: all + search(query), repeatable: true }, options),
    get: (id, options) => call({ method: "GET", path: `${all}/${id}`, repeatable: true }, options),
    pin: (id, pin, options) => call({ method: "POST", path: `${all}/${id}/pin`, body: pin, repeatable: true }, options),
    async unpin(id, options) {
      await call({ method: "DELETE", path: `${all}/${id}/pin`, repeatable: true }, options);
    },
  };
}
