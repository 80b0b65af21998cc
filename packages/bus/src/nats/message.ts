import { headers, type MsgHdrs } from "@nats-io/transport-node";

import type { EventOp } from "@millrace/contract";
import type { LoggedEvent, NewEvent } from "@millrace/storage";

import type { Pulled } from "./pull.ts";

/** What a message says of its event besides the payload, which is its body. */
const names = {
  key: "Millrace-Key",
  op: "Millrace-Op",
  version: "Millrace-Version",
  eventTime: "Millrace-Event-Time",
  payloadHash: "Millrace-Payload-Hash",
  batch: "Millrace-Batch",
} as const;

/** Headers are lines of text without an escape of their own, so the key is written in percent encoding. */
export function headersOf(event: NewEvent, batchId: string | undefined): MsgHdrs {
  const found = headers();
  found.set(names.key, encodeURIComponent(event.key));
  found.set(names.op, event.op);
  found.set(names.version, String(event.version));
  found.set(names.payloadHash, event.payloadHash);
  if (event.eventTime !== undefined) found.set(names.eventTime, event.eventTime.toISOString());
  if (batchId !== undefined) found.set(names.batch, batchId);
  return found;
}

/** An event as it was read from a stream. */
export interface StreamedEvent extends Omit<LoggedEvent, "offset"> {
  readonly sequence: number;
  readonly payloadHash: string;
  readonly batchId: string | undefined;
  /** Size of the payload. */
  readonly bytes: number;
}

const decoder = new TextDecoder();
const ops: ReadonlySet<string> = new Set<EventOp>(["insert", "upsert", "delete"]);

/** The event of a message; undefined for one that no publisher of ours has written. */
export function eventOf({ message, delivery }: Pulled): StreamedEvent | undefined {
  const found = message.headers;
  const op = found?.get(names.op) ?? "";
  const payloadHash = found?.get(names.payloadHash) ?? "";
  if (found === undefined || !ops.has(op) || payloadHash === "") return undefined;
  const eventTime = found.get(names.eventTime);
  const batchId = found.get(names.batch);
  return {
    sequence: delivery.streamSequence,
    tableId: Number(message.subject.slice(message.subject.lastIndexOf(".") + 1)),
    version: Number(found.get(names.version)),
    op: op as EventOp,
    key: decodeURIComponent(found.get(names.key)),
    payload: decoder.decode(message.data),
    payloadHash,
    eventTime: eventTime === "" ? undefined : new Date(eventTime),
    ingestedAt: delivery.storedAt,
    batchId: batchId === "" ? undefined : batchId,
    bytes: message.data.length,
  };
}
