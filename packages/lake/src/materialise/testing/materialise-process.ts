import { createDatabase } from "@millrace/storage";
import { patient } from "@millrace/storage/testing";

import type { MaterialiseStep } from "../publish-range.ts";
import { materialiserOf, partsOf } from "./lake-world.ts";

/** What a process is told by its arguments: `tellAt` says so and freezes before going on, `killAt` ends as `kill -9` does. */
interface Orders {
  readonly url: string;
  readonly root: string;
  readonly owner: string;
  readonly leaseMs?: number;
  readonly killAt?: MaterialiseStep | "uploading";
  readonly tellAt?: MaterialiseStep;
}

const orders = JSON.parse(process.argv[2] ?? "{}") as Orders;
const db = createDatabase({ ...patient, url: orders.url });
const parts = partsOf(db, orders.root);
let first: Promise<unknown> | undefined;
const materialiser = materialiserOf(
  {
    ...parts,
    objects: {
      ...parts.objects,
      async put(path, file) {
        if (first !== undefined && orders.killAt === "uploading") {
          await first;
          process.kill(process.pid, "SIGKILL");
        }
        const stored = parts.objects.put(path, file);
        first ??= stored;
        return stored;
      },
    },
  },
  orders.root,
  {
    owner: orders.owner,
    ...(orders.leaseMs !== undefined && { leaseMs: orders.leaseMs }),
    onStep(step) {
      if (step === orders.killAt) process.kill(process.pid, "SIGKILL");
      if (step !== orders.tellAt) return;
      // Stops here, in the middle of its work, until somebody lets it go on.
      process.send?.(step);
      process.kill(process.pid, "SIGSTOP");
    },
  },
);
process.once("disconnect", () => process.exit());
await materialiser.start();
process.send?.("started");
