import type { StreamStore } from "@millrace/storage";

import type { NatsConnector } from "./connection.ts";
import { isStreamNotFound, toMillraceError } from "./error.ts";
import type { Streams } from "./streams.ts";

/** Purges every stream of what all of its tenants have consumed; that is written down before, so nobody counts on a message that goes. @throws UNAVAILABLE */
export async function purgeStreams(store: StreamStore, connector: NatsConnector, streams: Streams): Promise<void> {
  for (const { name, createdAt } of await streams.list()) {
    const until = await store.purgeable(name, createdAt);
    if (until === undefined) continue;
    const { jsm } = await connector.link();
    try {
      await jsm.streams.purge(name, { seq: until + 1 });
    } catch (error) {
      if (!isStreamNotFound(error)) throw toMillraceError(error);
    }
  }
}
