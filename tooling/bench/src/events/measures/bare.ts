import type { BareWriteVerbs } from "../../bare-writes/main.ts";
import { startMeter } from "../../meter.ts";
import { withDatabase } from "../../queues/stage.ts";
import type { Values } from "../../queues/values.ts";
import { startRemote } from "../../remote.ts";
import type { BenchPostgres } from "../../with-postgres.ts";
import type { Shape } from "../shapes.ts";
import { checkpoint } from "../with-ingest.ts";
import { valuesOf } from "./ingest.ts";

/** Stores the same payloads and keys in a table that checks nothing, without any server in front of it. */
export function measureBare(
  postgres: BenchPostgres,
  how: "insert" | "copy",
  { connections, batch }: Shape,
  calls: number,
): Promise<Values> {
  return withDatabase(postgres, async (url) => {
    const writer = startRemote<BareWriteVerbs>("bare-writes/main.ts");
    try {
      await writer.call("open", url, connections);
      const warmUp = Math.ceil(calls / 4);
      await writer.call("store", { how, connections, batch, calls: warmUp });
      await checkpoint(url);
      const read = startMeter({ server: [postgres.pid], clients: [writer.pid] });
      const told = await writer.call("store", { how, connections, batch, calls });
      const values = valuesOf(told, calls, calls * batch, read());
      const stored = await writer.call("count");
      if (stored !== (warmUp + calls) * batch)
        throw new Error(`${(warmUp + calls) * batch} rows were stored, ${stored} are there`);
      await writer.call("close");
      return values;
    } finally {
      await writer.end();
    }
  });
}
