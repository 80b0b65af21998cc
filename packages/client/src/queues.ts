import type { Queue, QueueDetails, QueueSettingsRequest } from "@millrace/contract";

import type { CallOptions } from "./options.ts";
import { search } from "./search.ts";
import type { Transport } from "./transport.ts";

/** The server counts the jobs of each queue of a page, so a page is not as long as it may be. */
const pageItems = 100;

/** The queues of the key's tenant. Every call can throw MillraceApiError. */
export interface QueuesClient {
  /** All of them, by name, page by page. */
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
      const queues: Queue[] = [];
      let cursor: string | undefined;
      do {
        const path = `/v1/queues${search({ limit: pageItems, cursor })}`;
        const { body } = await send({ method: "GET", path, repeatable: true }, options);
        const page = body as { readonly items: readonly Queue[]; readonly nextCursor: string | null };
        queues.push(...page.items);
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      return queues;
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
