import { Readable } from "node:stream";

import type { QueryAnswer } from "@millrace/core";

/** The answer as one JSON text, with the rows as they come from the engine: they are never all in memory. */
export function queryJson({ result, snapshot, files }: QueryAnswer): Readable {
  const { columns, truncated, rowCount, bytes, elapsedMs, cpuMs, body } = result;
  const rest = {
    snapshotId: snapshot?.snapshotId ?? 0,
    snapshotTime: (snapshot?.snapshotTime ?? new Date(0)).toISOString(),
    watermark: snapshot?.watermark ?? 0,
    truncated,
    stats: { rowCount, bytes, files, elapsedMs: rounded(elapsedMs), cpuMs: rounded(cpuMs) },
  };
  const whole = async function* () {
    yield Buffer.from(`{"columns":${JSON.stringify(columns)},"rows":`);
    yield* body;
    yield Buffer.from(`,${JSON.stringify(rest).slice(1)}`);
  };
  const text = Readable.from(whole(), { objectMode: false });
  // A client may go before the rows are reached; they are let go of then too.
  text.once("close", () => body.destroy());
  return text;
}

function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
