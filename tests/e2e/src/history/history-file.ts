import { openSync, readFileSync, readdirSync, writeSync } from "node:fs";
import { join } from "node:path";

import type { HistoryEvent } from "./event.ts";

/** Appends events to a file of one's own. A line is with the kernel when this returns, so that it outlives a killed process. */
export function openHistory(folder: string, writer: string): (event: HistoryEvent) => void {
  const file = openSync(join(folder, `${writer}.jsonl`), "a");
  return (event) => void writeSync(file, `${JSON.stringify(event)}\n`);
}

/** The events of all writers: in order for each of them, without order between them. */
export function readHistory(folder: string): readonly HistoryEvent[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".jsonl"))
    .flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n"))
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as HistoryEvent);
}
