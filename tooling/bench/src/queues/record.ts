import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { resultsDir } from "../places.ts";
import type { Values } from "./values.ts";

/** What a run was made on and with. */
export interface RunRecord {
  readonly kind: "run";
  readonly at: string;
  readonly command: string;
  readonly rounds: number;
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
}

/** One measurement. */
export interface SampleRecord {
  readonly kind: "sample";
  readonly measure: string;
  readonly name: string;
  readonly title: string;
  readonly settings: string;
  readonly round: number;
  readonly values: Values;
}

/** A measurement that came to nothing. */
export interface FailureRecord extends Omit<SampleRecord, "kind" | "values"> {
  readonly kind: "failure";
  readonly message: string;
}

export type BenchRecord = RunRecord | SampleRecord | FailureRecord;

/** Appends records to a file of its own, a JSON text a line. */
export function openRecords(name: string): { readonly path: string; write(record: object): void } {
  mkdirSync(resultsDir, { recursive: true });
  const path = join(resultsDir, `${name}-${new Date().toISOString().replaceAll(/[:.]/g, "-")}.jsonl`);
  return { path, write: (record) => appendFileSync(path, `${JSON.stringify(record)}\n`) };
}

/** The records of a file that `openRecords` made. */
export function readRecords(path: string): readonly BenchRecord[] {
  return parseRecords(readFileSync(path, "utf8"));
}

/** One record a line; a last line that a killed run left unfinished doesn't count. */
export function parseRecords(text: string): readonly BenchRecord[] {
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as BenchRecord);
}
