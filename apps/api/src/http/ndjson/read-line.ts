import { type SentRecord, parseExactJson } from "@millrace/core";

import { jsonFault } from "../json-fault.ts";
import { scanJson } from "../scan-json.ts";
import type { Line } from "./split-lines.ts";

export interface LineRules {
  readonly keyPrefix: string | undefined;
  readonly recordBytesMax: number;
}

/** The record on a line, under the key of its place where it has none in itself: a colon keeps line 11 of `f` apart from line 1 of `f1`. */
export function readLine({ number, text, fault }: Line, { keyPrefix, recordBytesMax }: LineRules): SentRecord {
  const at = { index: number, key: keyPrefix === undefined ? undefined : `${keyPrefix}:${number}` };
  const refused = (code: "MALFORMED_JSON" | "PAYLOAD_TOO_LARGE" | "VALIDATION_FAILED", message: string, path = "") => ({
    ...at,
    record: undefined,
    fault: { code, path, message },
  });
  if (text === undefined) {
    if (fault === "too_long") {
      return refused(
        "PAYLOAD_TOO_LARGE",
        `The line is longer than a record may be: ${recordBytesMax} bytes of payload.`,
      );
    }
    return refused("MALFORMED_JSON", "The line is not valid UTF-8.");
  }
  let record: unknown;
  try {
    record = parseExactJson(text);
  } catch (error) {
    return refused("MALFORMED_JSON", `The line is not valid JSON${jsonFault(error)}.`);
  }
  const [twice] = scanJson(text, { numbers: false });
  return twice === undefined ? { ...at, record } : refused("VALIDATION_FAILED", twice.message, twice.path);
}
