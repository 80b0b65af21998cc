import type { Queue, QueueDetails, QueueSettingsRequest } from "@millrace/contract";

import type { CallOptions } from "./options.ts";
import type { Transport } from "./transport.ts";

/** The queues of the key's tenant. Every call can throw MillraceApiError. */
export interface QueuesClient {
  list(options?: CallOptions): Promise<readonly Queue[]>;
  get(queue: string, options?: CallOptions): Promise<QueueDetails>;
  /** Replaces all settings of a queue; whatever is absent is unlimited or has its default. */
  put(queue: string, settings: QueueSettingsRequest, options?: CallOptions): Promise<QueueDetails>;
  /** Lets no job of a queue start any more; those that run go on. */
  pause(queue: string, options?: CallOptions): Promise<QueueDetails>;
  resume(queue: string, options?: CallOptions): Promise<QueueDetails>;
}

/** The calls of `/v1/queues`. */
export function createQueuesClient(send: Transport): QueuesClient {
  const pathOf = (queue: string) => `/v1/queues/${encodeURIComponent(queue)}`;
  return {
    async list(options) {
      const { body } = await send({ method: "GET", path: "/v1/queues", repeatable: true }, options);
      return (body as { items: readonly Queue[] }).items;
    },
    async get(queue, options) {
      return (await send({ method: "GET", path: pathOf(queue), repeatable: true }, options)).body as QueueDetails;
    },
    async put(queue, settings, options) {
      const request = { method: "PUT", path: pathOf(queue), body: settings, repeatable: true } as const;
      return (await send(request, options)).body as QueueDetails;
    },
    async pause(queue, options) {
      return (await send({ method: "POST", path: `${pathOf(queue)}/pause`, repeatable: true }, options))
        .body as QueueDetails;
    },
    async resume(queue, options) {
      return (await send({ method: "POST", path: `${pathOf(queue)}/resume`, repeatable: true }, options))
        .body as QueueDetails;
    },
  };
}
