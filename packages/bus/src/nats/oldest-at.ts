import type { LogLag } from "@millrace/storage";

import type { StreamSegment } from "./attachments.ts";
import type { LagContext } from "./lag.ts";

/** When the first event of a stream behind a log's watermark was stored there; undefined where there is no such message. @throws what the connection throws */
export async function oldestAt(
  { streams, connector }: Pick<LagContext, "streams" | "connector">,
  { tenantNo, watermark }: Pick<LogLag, "tenantNo" | "watermark">,
  { stream, base, fromOffset }: StreamSegment,
): Promise<Date | undefined> {
  const { jsm } = await connector.link();
  const seq = Math.max(watermark, fromOffset - 1) - base + 1;
  const query = { seq, next_by_subj: streams.subjectsOf(stream, tenantNo) };
  return (await jsm.streams.getMessage(stream, query))?.time;
}
