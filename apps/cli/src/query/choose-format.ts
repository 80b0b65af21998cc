import { extname } from "node:path";

import { type ResultFormatName, resultMediaTypes } from "@millrace/contract";

import { Refusal } from "../refusal.ts";
import { didYouMean } from "../suggest.ts";
import { UsageError } from "../usage-error.ts";

/** What a result can be written as: the API's formats, and a table for people. */
export type OutputFormat = ResultFormatName | "table";

const outputFormats: readonly OutputFormat[] = ["table", ...(Object.keys(resultMediaTypes) as ResultFormatName[])];

const formatOfExtension: Readonly<Record<string, OutputFormat>> = {
  ".json": "json",
  ".ndjson": "ndjson",
  ".jsonl": "ndjson",
  ".csv": "csv",
  ".parquet": "parquet",
  ".txt": "table",
};

export interface FormatChoice {
  readonly format: string | undefined;
  /** The file to write. */
  readonly output: string | undefined;
  /** Whether a person looks at standard output. */
  readonly isTerminal: boolean;
}

/** As asked for, else as the file's name says, else a table for a person and lines of JSON for a program. @throws UsageError, Refusal */
export function chooseFormat({ format, output, isTerminal }: FormatChoice): OutputFormat {
  const chosen = format === undefined ? formatFor(output, isTerminal) : readFormat(format);
  if (chosen === "parquet" && output === undefined && isTerminal) {
    throw new Refusal("Parquet is not for terminals. Write it to a file: --output rows.parquet.");
  }
  return chosen;
}

function formatFor(output: string | undefined, isTerminal: boolean): OutputFormat {
  if (output === undefined) return isTerminal ? "table" : "ndjson";
  const format = formatOfExtension[extname(output).toLowerCase()];
  if (format !== undefined) return format;
  throw new UsageError(`What "${output}" is to hold can't be told from its name: add --format.`, "millrace query");
}

function readFormat(text: string): OutputFormat {
  const format = outputFormats.find((name) => name === text);
  if (format !== undefined) return format;
  const hint = didYouMean(text, outputFormats);
  throw new UsageError(`--format is one of ${outputFormats.join(", ")}, not "${text}"${hint || "."}`, "millrace query");
}
