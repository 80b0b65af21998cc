import type { Queue } from "@millrace/contract";

import type { CallOptions } from "./options.ts";
import type { Transport } from "./transport.ts";

/** The queues of the key's tenant. Every call can throw MillraceApiError. */
export interface QueuesClient {
  list(options?: CallOptions): Promise<readonly Queue[]>;
  get(queue: string, options?: CallOptions): Promise<Queue>;
}

/** The calls of `/v1/queues`. */
export function createQueuesClient(send: Transport): QueuesClient {
  return {
    async list(options) {
      const { body } = await send({ method: "GET", path: "/v1/queues", repeatable: true }, options);
      return (body as { items: readonly Queue[] }).items;
    },
    async get(queue, options) {
      const path = `/v1/queues/${encodeURIComponent(queue)}`;
      return (await send({ method: "GET", path, repeatable: true }, options)).body as Queue;
    },
  };
}
