import { MillraceError } from "@millrace/contract";
import type { BusSegment, StreamStore } from "@millrace/storage";

import type { Streams } from "./streams.ts";

/** A segment that is in a stream. */
export interface StreamSegment extends BusSegment {
  readonly stream: string;
  readonly streamCreatedAt: string;
}

export interface Attachments {
  /** The segment to publish a tenant's events into. @throws NOT_FOUND, UNAVAILABLE */
  of(tenantNo: number): Promise<StreamSegment>;
  /** The segment turned out to be over. */
  forget(tenantNo: number, segment: StreamSegment): void;
  /** The highest number that this process has seen a stream give out; every new message has a higher one, or the stream is another. */
  seen(segment: StreamSegment): number;
  saw(segment: StreamSegment, sequence: number): void;
  /** Nothing that is known of streams may hold any more. */
  forgetAll(): void;
}

/**
 * Which segment each tenant's events go into, asked once and remembered: a segment that is over is found out when its events are recorded.
 * The head is read before the stream's last number, so a stream that is behind the head has lost its end.
 */
export function createAttachments(store: StreamStore, streams: Streams): Attachments {
  const known = new Map<number, Promise<StreamSegment>>();
  const highest = new Map<string, number>();
  const nameOf = ({ stream, streamCreatedAt }: StreamSegment): string => `${stream} ${streamCreatedAt}`;
  const seen = (segment: StreamSegment): number => highest.get(nameOf(segment)) ?? 0;
  const saw = (segment: StreamSegment, sequence: number): void =>
    void highest.set(nameOf(segment), Math.max(seen(segment), sequence));

  async function attach(tenantNo: number): Promise<StreamSegment> {
    const seenHead = await store.head(tenantNo);
    if (seenHead === undefined) throw new MillraceError("NOT_FOUND", `There is no log of the number ${tenantNo}.`);
    const stream = await streams.present(tenantNo);
    const segment = await store.openSegment(tenantNo, { ...stream, seenHead });
    if (!isStreamSegment(segment)) throw new MillraceError("INTERNAL", "A segment was opened in no stream.");
    saw(segment, stream.lastSequence);
    return segment;
  }

  return {
    of(tenantNo) {
      const present = known.get(tenantNo);
      if (present !== undefined) return present;
      const attaching = attach(tenantNo);
      known.set(tenantNo, attaching);
      attaching.catch(() => known.get(tenantNo) === attaching && known.delete(tenantNo));
      return attaching;
    },
    forget(tenantNo, segment) {
      const present = known.get(tenantNo);
      void present?.then(
        (found) => found === segment && known.get(tenantNo) === present && known.delete(tenantNo),
        () => undefined,
      );
    },
    seen,
    saw,
    forgetAll() {
      known.clear();
      highest.clear();
    },
  };
}

/** True for a segment in a stream. */
export function isStreamSegment(segment: BusSegment | undefined): segment is StreamSegment {
  return segment?.stream !== undefined && segment.streamCreatedAt !== undefined;
}
