import type { NewEvent } from "@millrace/bus";
import { type EventOp, type RecordErrorCode, eventOps, ingestLimits } from "@millrace/contract";
import type { EventTable } from "@millrace/storage";

import { unknownMessage } from "../tables/records/check-value.ts";
import { shown } from "../tables/records/faults.ts";
import type { RecordValidator } from "../tables/records/record-validator.ts";
import { eventTimeMs } from "./event-time.ts";
import { isRawJson } from "./parse-json.ts";
import { payloadHash } from "./payload-hash.ts";

export interface RecordRules {
  readonly table: EventTable;
  readonly validator: RecordValidator;
  readonly recordBytesMax: number;
}

/** A record that is in order, or all that is wrong with it. */
export type ReadRecord =
  | { readonly ok: true; readonly event: NewEvent; readonly payload: object; readonly unknown: readonly string[] }
  | {
      readonly ok: false;
      readonly key: string | null;
      readonly code: RecordErrorCode;
      readonly problems: readonly RecordProblem[];
    };

export interface RecordProblem {
  readonly path: string;
  readonly message: string;
}

const members: ReadonlySet<string> = new Set(["idempotencyKey", "op", "payload", "eventTime"]);
/** Far beyond need, and far from where a stack ends. */
const depthMax = 64;

/** Makes an event of a record as it was sent; `ownKey` is its key where it has none in itself. */
export function readRecord(record: unknown, rules: RecordRules, ownKey?: string): ReadRecord {
  if (!isObject(record)) {
    const message = `An object with idempotencyKey and payload; got ${shown(record)}.`;
    return refused(null, "VALIDATION_FAILED", [{ path: "", message }]);
  }
  const { table, validator, recordBytesMax } = rules;
  const key = record["idempotencyKey"] ?? ownKey;
  const shownKey = typeof key === "string" && isKey(key) ? key : null;
  const hasKey = table.primaryKey.length > 0;
  const op = record["op"] ?? (hasKey ? "upsert" : "insert");
  const { payload, eventTime } = record;
  const timeMs = typeof eventTime === "string" ? eventTimeMs(eventTime) : undefined;

  const problems: RecordProblem[] = [];
  for (const name of Object.keys(record)) {
    if (!members.has(name)) problems.push({ path: name, message: unknownMember(name, payload) });
  }
  if (shownKey === null) {
    problems.push({ path: "idempotencyKey", message: keyMessage(key) });
  }
  if (!isOp(op)) problems.push({ path: "op", message: `One of ${eventOps.join(", ")}; got ${shown(op)}.` });
  else if (op !== "insert" && !hasKey) {
    problems.push({ path: "op", message: "A table without a primary key takes insert only." });
  }
  if (eventTime !== undefined && timeMs === undefined) {
    const message = `A time of RFC 3339, such as 2026-01-31T12:00:00Z; got ${shown(eventTime)}.`;
    problems.push({ path: "eventTime", message });
  }
  if (!isObject(payload))
    problems.push({ path: "payload", message: `An object with a value for each column; got ${shown(payload)}.` });
  else if (!isShallow(payload, depthMax)) {
    problems.push({ path: "payload", message: `At most ${depthMax} levels of objects and arrays.` });
  }
  if (problems.length > 0 || shownKey === null || !isOp(op) || !isObject(payload)) {
    return refused(shownKey, "VALIDATION_FAILED", problems);
  }

  const checked = validator.check(payload, op);
  if (!checked.ok) {
    return refused(shownKey, "SCHEMA_MISMATCH", checked.errors);
  }
  const text = JSON.stringify(checked.payload);
  if (text.length > recordBytesMax || Buffer.byteLength(text) > recordBytesMax) {
    const message = `At most ${recordBytesMax} bytes of JSON; these are ${Buffer.byteLength(text)}.`;
    return refused(shownKey, "PAYLOAD_TOO_LARGE", [{ path: "payload", message }]);
  }
  const event = {
    tableId: table.tableId,
    version: table.version,
    op,
    key: shownKey,
    payload: text,
    payloadHash: payloadHash({ op, payload, eventTimeMs: timeMs }),
    eventTime: timeMs === undefined ? undefined : new Date(timeMs),
  };
  return { ok: true, event, payload, unknown: checked.unknown };
}

/** Whoever sends rows for records has every column named here, and learns where columns go. */
function unknownMember(name: string, payload: unknown): string {
  if (payload === undefined) return "This field is not known here; the values of columns go into payload.";
  return unknownMessage(name, members);
}

function keyMessage(key: unknown): string {
  const wanted = `Text of 1 to ${ingestLimits.keyCharactersMax} characters, without NUL and lone surrogates,`;
  const purpose = "that names the record: sent again with it, it is stored once.";
  if (key !== undefined && key !== null) return `${wanted} ${purpose} Got ${shown(key)}.`;
  return `${wanted} ${purpose} NDJSON may have the header X-Idempotency-Prefix instead.`;
}

function refused(key: string | null, code: RecordErrorCode, problems: readonly RecordProblem[]): ReadRecord {
  return { ok: false, key, code, problems };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isRawJson(value);
}

function isKey(key: string): boolean {
  return key.length > 0 && key.length <= ingestLimits.keyCharactersMax && key.isWellFormed() && !key.includes("\0");
}

function isOp(op: unknown): op is EventOp {
  return eventOps.includes(op as EventOp);
}

function isShallow(value: object, levels: number): boolean {
  if (levels === 0) return false;
  for (const member of Object.values(value)) {
    if (
      typeof member === "object" &&
      member !== null &&
      !isRawJson(member) &&
      !isShallow(member as object, levels - 1)
    ) {
      return false;
    }
  }
  return true;
}
