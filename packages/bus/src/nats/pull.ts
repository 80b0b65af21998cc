import { createInbox, type Msg, type NatsConnection } from "@nats-io/transport-node";

import type { Delivery } from "./delivery.ts";
import { deliveryOf } from "./delivery.ts";

export interface Pulled {
  readonly message: Msg;
  readonly delivery: Delivery;
}

/**
 * Asks a consumer for what it has now, so many messages at most, and doesn't wait for more. What comes is complete up to its end, or it throws.
 * The client's own `fetch` leaves a request behind that takes messages later, when nobody listens any more.
 */
export function pull(
  nc: NatsConnection,
  {
    stream,
    consumer,
    count,
    timeoutMs,
  }: { readonly stream: string; readonly consumer: string; readonly count: number; readonly timeoutMs: number },
): Promise<readonly Pulled[]> {
  return new Promise((resolve, reject) => {
    const pulled: Pulled[] = [];
    const inbox = createInbox();
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      subscription.unsubscribe();
      settle();
    };
    const subscription = nc.subscribe(inbox, {
      callback: (error, message) => {
        if (error !== null) return end(() => reject(error));
        const delivery = deliveryOf(message.reply);
        if (delivery !== undefined) {
          timer.refresh();
          if (pulled.push({ message, delivery }) === count) end(() => resolve(pulled));
          return undefined;
        }
        // It has no more: everything before has arrived, on the same subscription. Any other status is an error.
        const code = message.headers?.code;
        if (code === 404 || code === 408) return end(() => resolve(pulled));
        return end(() =>
          reject(new Error(`A consumer answered ${code ?? "nothing"} ${message.headers?.description ?? ""}`)),
        );
      },
    });
    // After the subscription, which may throw: a timer that was set would end it.
    const timer = setTimeout(() => end(() => reject(new Error("A consumer did not answer in time"))), timeoutMs);
    nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, JSON.stringify({ batch: count, no_wait: true }), {
      reply: inbox,
    });
  });
}
