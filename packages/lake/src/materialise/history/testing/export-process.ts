import { createDatabase } from "@millrace/storage";
import { patient } from "@millrace/storage/testing";

import { partsOf } from "../../testing/lake-world.ts";
import type { HistoryStep } from "../history-exporter.ts";
import { exporterOf } from "./history-world.ts";

/** What a process is told by its arguments: `killAt` ends it as `kill -9` does, `freezeAt` stops it before it goes on. */
interface Orders {
  readonly url: string;
  readonly root: string;
  readonly owner: string;
  readonly killAt?: HistoryStep;
  readonly freezeAt?: HistoryStep;
}

const orders = JSON.parse(process.argv[2] ?? "{}") as Orders;
const db = createDatabase({ ...patient, url: orders.url });
const exporter = exporterOf(db, partsOf(db, orders.root), orders.root, {
  owner: orders.owner,
  onStep(step) {
    if (step === orders.killAt) process.kill(process.pid, "SIGKILL");
    if (step !== orders.freezeAt) return;
    process.send?.(step);
    process.kill(process.pid, "SIGSTOP");
  },
});
process.once("disconnect", () => process.exit());
const progress = await exporter.step().catch(String);
process.send?.(progress, () => process.exit());
