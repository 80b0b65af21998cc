import { randomHex } from "./random-hex.ts";

/** A W3C Trace Context `traceparent`, taken apart. */
export interface Traceparent {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string;
  /** 16 lower-case hex digits, not all zero: the caller's span. */
  readonly parentId: string;
  readonly sampled: boolean;
}

const shape = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;
const w3cTraceId = /^(?!0{32})[0-9a-f]{32}$/;
const version00Characters = 55;
const sampledFlag = 0x01;

/** Parses by the rules of Trace Context level 1; undefined for anything that they call invalid. Later versions may be longer. */
export function parseTraceparent(header: string): Traceparent | undefined {
  const [, version, traceId, parentId, flags] = shape.exec(header) ?? [];
  if (traceId === undefined || parentId === undefined || flags === undefined) return undefined;
  if (version === "00" && header.length !== version00Characters) return undefined;
  return { traceId, parentId, sampled: (Number.parseInt(flags, 16) & sampledFlag) !== 0 };
}

/** The header for these ids, in version 00, the one that we speak. */
export function formatTraceparent({ traceId, parentId, sampled }: Traceparent): string {
  return `00-${traceId}-${parentId}-${sampled ? "01" : "00"}`;
}

/** A new random trace id: 32 lower-case hex digits, not all zero. */
export function newTraceId(): string {
  return nonZero(16);
}

/** The header of a new trace, or of this trace id, with a new parent id. Sampled by default, so that those downstream aren't told to record nothing. */
export function newTraceparent({ traceId = newTraceId(), sampled = true } = {}): string {
  return formatTraceparent({ traceId, parentId: nonZero(8), sampled });
}

/**
 * A header with this trace id where W3C allows it, else one of a new trace. Not sampled: nobody has its parent, and a "recorded" that a job
 * keeps would have every worker that traces record it, whatever its ratio.
 */
export function traceparentFor(traceId: string): string {
  return newTraceparent(w3cTraceId.test(traceId) ? { traceId, sampled: false } : { sampled: false });
}

/** The header to send onward from this one: same trace and sampling, new parent id. A new trace if this one is invalid. */
export function childTraceparent(parent: string): string {
  const parsed = parseTraceparent(parent);
  return parsed === undefined ? newTraceparent() : newTraceparent(parsed);
}

/** All zeros mean "none" in Trace Context; as likely as never, but then the whole header would be refused. */
function nonZero(bytes: number): string {
  const hex = randomHex(bytes);
  return /[^0]/.test(hex) ? hex : nonZero(bytes);
}
