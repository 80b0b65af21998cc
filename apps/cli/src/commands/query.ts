import { resolve } from "node:path";
import { text } from "node:stream/consumers";

import { createClient, MillraceApiError } from "@millrace/client";

import { exitCodes } from "../exit-codes.ts";
import type { CliIo } from "../io.ts";
import { chooseFormat } from "../query/choose-format.ts";
import { explainRefusal } from "../query/explain-refusal.ts";
import { type ConnectionFlags, findConnection, type FoundConnection } from "../query/find-connection.ts";
import { type OptionFlags, readOptions } from "../query/read-options.ts";
import { readResult, renderTable } from "../query/render-table.ts";
import { writeFileWhole, writeOut } from "../query/write-result.ts";

export interface QueryInput extends ConnectionFlags, OptionFlags {
  readonly sql: string;
  readonly format: string | undefined;
  /** The file to write; standard output without. */
  readonly output: string | undefined;
}

/** Runs one SELECT and writes its result. @throws UsageError, Refusal */
export async function runQuery(io: CliIo, input: QueryInput): Promise<number> {
  const { sql, output } = input;
  const format = chooseFormat({ format: input.format, output, isTerminal: io.stdout.isTTY === true });
  const options = readOptions(input, format);
  const connection = await findConnection(io, input);
  const client = createClient({ baseUrl: connection.url, apiKey: connection.apiKey });
  try {
    const result = await client.queryAs(format === "table" ? "json" : format, sql, { ...options, signal: io.signal });
    const chunks = format === "table" ? [renderTable(readResult(await text(result)))] : result;
    if (output === undefined) await writeOut(io.stdout, chunks);
    else await writeFileWhole(resolve(io.cwd, output), chunks);
    if (result.truncated && format !== "table") {
      io.stderr.write("millrace: There are more rows than these; --row-limit gives more, as far as the API allows.\n");
    }
    return exitCodes.ok;
  } catch (error) {
    if (io.signal.aborted) return exitCodes.interrupted;
    if (!(error instanceof MillraceApiError)) throw error;
    io.stderr.write(`millrace: ${explainRefusal(sql, error)}${devHint(error, connection)}\n`);
    return error.retryable ? exitCodes.tryAgain : exitCodes.failed;
  }
}

function devHint({ code }: MillraceApiError, { ofDev }: FoundConnection): string {
  return code === "NO_ANSWER" && ofDev ? " Is `millrace dev` still running?" : "";
}
