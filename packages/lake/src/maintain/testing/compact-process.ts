import { createDatabase, createPostgresLakeUpkeep } from "@millrace/storage";
import { patient } from "@millrace/storage/testing";

import { partsOf } from "../../materialise/testing/lake-world.ts";
import type { MaintainStep } from "../rewrite-files.ts";
import { maintainerOf } from "./maintain-world.ts";

/** What a process is told by its arguments: `killAt` ends it as `kill -9` does. */
interface Orders {
  readonly url: string;
  readonly root: string;
  readonly tableId: number;
  readonly tenantNo: number;
  readonly work: "compact" | "expire";
  readonly killAt: MaintainStep;
}

const orders = JSON.parse(process.argv[2] ?? "{}") as Orders;
const db = createDatabase({ ...patient, url: orders.url });
const maintainer = maintainerOf(partsOf(db, orders.root), createPostgresLakeUpkeep(db), orders.root, {
  onStep(step) {
    if (step === orders.killAt) process.kill(process.pid, "SIGKILL");
  },
});
if (orders.work === "compact") await maintainer.compact({ tableId: orders.tableId, name: "table" });
else await maintainer.expire(orders.tenantNo);
