import { isUtf8 } from "node:buffer";

import { type FieldError, MillraceError } from "@millrace/contract";
import { jsonBytesWeight, parseExactJson } from "@millrace/core";

import { createJsonCutter, type JsonPart } from "./cut-json.ts";
import { jsonFault } from "./json-fault.ts";
import { parseJson } from "./read-json.ts";
import { scanJson } from "./scan-json.ts";

export interface PartsOptions {
  /** Told what the values of a part of the body will take in memory, before it is parsed; what it answers ends the request. */
  readonly onWeight: (bytes: number) => MillraceError | undefined;
  /** Runs pieces of the work, a millisecond or so each. */
  readonly turn: <Result>(work: () => Result) => Promise<Result>;
  /** Bytes of one element of a list at most, in a large body. */
  readonly elementBytesMax: number;
}

const partBytes = 32 * 1_024;
const stepBytes = 256 * 1_024;
/** What is around the lists of a body: the few members that requests have, and a number for each part of a list. */
const envelopeBytesMax = 64 * 1_024;
const faultsMax = 100;

/**
 * Parses a body of records when it is their sender's turn. A large one is parsed in pieces, others having their turn in between: at once, 8 MiB would take 0.1 seconds and more.
 * @throws MALFORMED_JSON, VALIDATION_FAILED, PAYLOAD_TOO_LARGE for an element that is too large, and what `onWeight` answers
 */
export async function parseInTurns(body: Buffer, options: PartsOptions): Promise<unknown> {
  const { turn, onWeight } = options;
  const weigh = (part: Buffer) => {
    const refusal = onWeight(jsonBytesWeight(part));
    if (refusal !== undefined) throw refusal;
  };
  if (body.length <= partBytes) {
    return turn(() => {
      weigh(body);
      return parseJson(body, { exact: true });
    });
  }
  for (let from = 0; from < body.length; from += stepBytes) {
    await turn(() => weigh(body.subarray(from, from + stepBytes)));
  }
  return parseInParts(body, options);
}

/** Parses a body as `parseJson` with `exact` does, in pieces: the lists that are members of it, which may be of any length, and what is around them. */
async function parseInParts(body: Buffer, { turn, elementBytesMax }: PartsOptions): Promise<unknown> {
  if (!isUtf8(body)) return parseJson(body, { exact: true });
  const cutter = createJsonCutter(body, partBytes);
  while (!(await turn(() => cutter.step(stepBytes))));
  const { envelope, parts } = cutter.cut();
  if (envelope.length > envelopeBytesMax) {
    const message = `A body is an object whose lists may be long, such as {"records": […]}; what is around its lists has more than ${envelopeBytesMax} bytes.`;
    throw new MillraceError("PAYLOAD_TOO_LARGE", message, { extensions: { bytesMax: envelopeBytesMax } });
  }
  const root = await turn(() => parseJson(Buffer.from(envelope), { exact: true }));
  const faults: FieldError[] = [];
  for (const [name, list] of listsOf(root)) {
    const numbers = list.splice(0) as readonly number[];
    for (const number of numbers) {
      const at = { name, from: list.length };
      const part = partAt(parts, number);
      if (part.to - part.from > partBytes + elementBytesMax) throw tooLarge(at, elementBytesMax);
      const elements = await turn(() => parsePart(body, part, at, faults));
      if (elements.length === 0 && numbers.length > 1) throw malformed(part, ": there is a comma too many");
      for (const element of elements) list.push(element);
    }
  }
  if (faults.length === 0) return root;
  throw new MillraceError("VALIDATION_FAILED", "The body holds what JSON readers do not agree on.", { errors: faults });
}

function partAt(parts: readonly JsonPart[], number: number): JsonPart {
  const part = parts[number];
  if (part === undefined) throw new TypeError(`There is no part ${number}`);
  return part;
}

interface Place {
  readonly name: string;
  /** The index of the part's first element. */
  readonly from: number;
}

/** The lists that are members of the body itself, and hold the numbers of their parts. */
function listsOf(root: unknown): readonly (readonly [string, unknown[]])[] {
  if (typeof root !== "object" || root === null || Array.isArray(root)) return [];
  return Object.entries(root).filter((entry): entry is [string, unknown[]] => Array.isArray(entry[1]));
}

function parsePart(body: Buffer, part: JsonPart, { name, from }: Place, faults: FieldError[]): readonly unknown[] {
  const list = `[${body.toString("utf8", part.from, part.to)}]`;
  let elements: unknown;
  try {
    elements = parseExactJson(list);
  } catch (error) {
    throw malformed(part, jsonFault(error).replace(/ at position .*/, ""));
  }
  for (const { path, ...fault } of scanJson(list, { numbers: false })) {
    const [index = "", ...inner] = path.split(".");
    if (faults.length < faultsMax) faults.push({ ...fault, path: [name, from + Number(index), ...inner].join(".") });
  }
  return elements as readonly unknown[];
}

function malformed({ from, to }: JsonPart, fault: string): MillraceError {
  return new MillraceError(
    "MALFORMED_JSON",
    `The body is not valid JSON${fault}. The place is within its bytes ${from} to ${to}.`,
  );
}

function tooLarge({ name, from }: Place, bytesMax: number): MillraceError {
  const message = `An element is larger than it may be: ${bytesMax} bytes of JSON.`;
  return new MillraceError("PAYLOAD_TOO_LARGE", message, {
    errors: [{ path: name, code: "too_big", message: `At most ${bytesMax} bytes each, from element ${from} on.` }],
    extensions: { bytesMax },
  });
}
