import type { IngestEchoVerbs } from "../../ingest-echo/main.ts";
import type { IngestLoadVerbs } from "../../ingest-load/main.ts";
import { startMeter } from "../../meter.ts";
import type { Values } from "../../queues/values.ts";
import { startRemote } from "../../remote.ts";
import { tableName } from "../records.ts";
import type { Shape } from "../shapes.ts";
import { valuesOf } from "./ingest.ts";

/** Sends the same requests to a server that parses, validates and answers. */
export async function measureEcho({ connections, batch }: Shape, requests: number): Promise<Values> {
  const echo = startRemote<IngestEchoVerbs>("ingest-echo/main.ts");
  const generator = startRemote<IngestLoadVerbs>("ingest-load/main.ts");
  try {
    const url = `${await echo.call("listen")}/v1/ingest/${tableName}`;
    const load = { url, tenants: [{}], connections, batch };
    await generator.call("post", { ...load, requests: Math.ceil(requests / 4) });
    const read = startMeter({ server: [], clients: [echo.pid], generators: [generator.pid] });
    return valuesOf(await generator.call("post", { ...load, requests }), requests, requests * batch, read());
  } finally {
    await Promise.all([echo.end(), generator.end()]);
  }
}
