import type { DeadLetterJson, DeadLetterListJson } from "@millrace/contract";
import type { DeadLetter, DeadLetterSummary } from "@millrace/storage";

import { isoTime } from "../../iso-time.ts";
import { parseExactJson } from "../parse-json.ts";

/** A dead letter as it goes over the wire, without its payload. */
export function deadLetterSummaryJson(letter: DeadLetterSummary): DeadLetterListJson["items"][number] {
  const { id, table, op, key, offset, version, eventTime, ingestedAt, code, path, message } = letter;
  return {
    id,
    table,
    op,
    key,
    offset,
    version,
    eventTime: eventTime === null ? null : isoTime(eventTime),
    ingestedAt: isoTime(ingestedAt),
    code,
    path,
    message,
    createdAt: isoTime(letter.createdAt),
    replayedAt: letter.replayedAt === null ? null : isoTime(letter.replayedAt),
  };
}

/** The same with its payload, of which `JSON.stringify` writes every digit. */
export function deadLetterJson(letter: DeadLetter): DeadLetterJson {
  return { ...deadLetterSummaryJson(letter), payload: parseExactJson(letter.payload) as DeadLetterJson["payload"] };
}
