import type { StreamSegment } from "./attachments.ts";
import type { NatsConnector } from "./connection.ts";
import { isMessageNotFound, isStreamNotFound, toMillraceError } from "./error.ts";
import type { NatsBusSettings } from "./options.ts";
import type { Streams } from "./streams.ts";

export interface Losses {
  /**
   * True when the stream has gone on saying for `lossConfirmMs` that a message that it had acknowledged is not there: the stream was deleted, or made anew,
   * or its server has lost its end. @throws UNAVAILABLE when it can't be asked
   */
  isLost(segment: StreamSegment, sequence: number): Promise<boolean>;
}

const seenMax = 10_000;

/** Remembers since when messages are missing: a cluster that is just coming up may say so for a moment. */
export function createLosses({ lossConfirmMs }: NatsBusSettings, connector: NatsConnector, streams: Streams): Losses {
  const missingSinceMs = new Map<string, number>();

  async function isMissing({ stream, streamCreatedAt }: StreamSegment, sequence: number): Promise<boolean> {
    const present = await streams.find(stream);
    if (present?.createdAt !== streamCreatedAt) return true;
    const { jsm } = await connector.link();
    try {
      return (await jsm.streams.getMessage(stream, { seq: sequence })) === null;
    } catch (error) {
      if (isMessageNotFound(error) || isStreamNotFound(error)) return true;
      throw toMillraceError(error);
    }
  }

  return {
    async isLost(segment, sequence) {
      const name = `${segment.stream} ${segment.streamCreatedAt} ${sequence}`;
      if (!(await isMissing(segment, sequence))) {
        missingSinceMs.delete(name);
        return false;
      }
      const nowMs = performance.now();
      const sinceMs = missingSinceMs.get(name) ?? nowMs;
      if (missingSinceMs.size < seenMax) missingSinceMs.set(name, sinceMs);
      if (nowMs - sinceMs < lossConfirmMs) return false;
      missingSinceMs.delete(name);
      return true;
    },
  };
}
