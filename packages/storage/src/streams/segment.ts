import type { BusSegment } from "./stream-store.ts";

/** The columns of a segment `s`. */
export const segmentColumns = `s.segment, s.from_offset as "fromOffset", s.until_offset as "untilOffset", s.stream, s.stream_created_at as "streamCreatedAt", s.base`;

/** A segment as it is read. */
export interface SegmentRow {
  readonly segment: number;
  readonly fromOffset: number;
  readonly untilOffset: number | null;
  readonly stream: string | null;
  readonly streamCreatedAt: string | null;
  readonly base: number;
}

/** A segment from its row. */
export function segmentOf({ segment, fromOffset, untilOffset, stream, streamCreatedAt, base }: SegmentRow): BusSegment {
  return {
    segment,
    fromOffset,
    untilOffset: untilOffset ?? undefined,
    stream: stream ?? undefined,
    streamCreatedAt: streamCreatedAt ?? undefined,
    base,
  };
}
