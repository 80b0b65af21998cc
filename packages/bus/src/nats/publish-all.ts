import { createInbox, type Msg, type MsgHdrs, type NatsConnection } from "@nats-io/transport-node";

import { NatsRefusal } from "./error.ts";

export interface OutgoingMessage {
  readonly subject: string;
  readonly payload: string;
  readonly headers: MsgHdrs;
}

/** Where a stream has put a message. */
export interface PublishAck {
  readonly stream: string;
  readonly sequence: number;
  readonly isDuplicate: boolean;
}

export interface PublishAllOptions {
  /** Messages that wait for their acknowledgement at most. */
  readonly inFlightMax: number;
  /** How long no acknowledgement may come. */
  readonly timeoutMs: number;
}

/**
 * Publishes messages in their order, and resolves when a stream has acknowledged each. One subscription and one timer for all of them: the client's
 * own `publish` has both for each message, which took twice the time.
 * @throws NatsRefusal and errors of the connection; some of the others may have been stored
 */
export function publishAll(
  nc: NatsConnection,
  messages: readonly OutgoingMessage[],
  { inFlightMax, timeoutMs }: PublishAllOptions,
): Promise<readonly PublishAck[]> {
  return new Promise((resolve, reject) => {
    const acks: PublishAck[] = Array.from({ length: messages.length });
    const inbox = createInbox();
    let sent = 0;
    let acknowledged = 0;
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      subscription.unsubscribe();
      settle();
    };
    const fail = (error: unknown): void => end(() => reject(error instanceof Error ? error : new Error(String(error))));
    const subscription = nc.subscribe(`${inbox}.*`, {
      callback: (error, message) => {
        if (error !== null) return fail(error);
        try {
          const place = Number(message.subject.slice(inbox.length + 1));
          if (acks[place] !== undefined) return undefined;
          acks[place] = ackOf(message);
          acknowledged++;
          timer.refresh();
          if (acknowledged === messages.length) return end(() => resolve(acks));
          return send(1);
        } catch (refusal) {
          return fail(refusal);
        }
      },
    });
    // After the subscription, which may throw: a timer that was set would end it.
    const timer = setTimeout(() => fail(new Error("A stream did not answer in time")), timeoutMs);

    function send(count: number): void {
      try {
        for (const until = Math.min(sent + count, messages.length); sent < until; sent++) {
          const message = messages[sent];
          if (message === undefined) continue;
          nc.publish(message.subject, message.payload, { headers: message.headers, reply: `${inbox}.${sent}` });
        }
      } catch (error) {
        fail(error);
      }
    }
    send(inFlightMax);
  });
}

interface AckBody {
  readonly stream?: string;
  readonly seq?: number;
  readonly duplicate?: boolean;
  readonly error?: { readonly err_code: number; readonly description: string };
}

function ackOf(message: Msg): PublishAck {
  // Nobody listens to the subject: there is no stream of it, or none that has a leader just now.
  if (message.headers?.code === 503) throw new NatsRefusal(503, "Nobody has taken the message");
  const { stream, seq, duplicate = false, error } = message.json<AckBody>();
  if (error !== undefined) throw new NatsRefusal(error.err_code, error.description);
  if (stream === undefined || seq === undefined) throw new Error("A stream answered without a number");
  return { stream, sequence: seq, isDuplicate: duplicate };
}
