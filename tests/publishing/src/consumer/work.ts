import { createWorker } from "@millrace/core";
import { createDatabase, createPostgresJobStore, hotSession } from "@millrace/storage";

import { greet } from "./greet.ts";

const db = createDatabase({ url: process.env["DATABASE_URL"] ?? "", session: hotSession });
const worker = createWorker({ store: createPostgresJobStore(db), handlers: [greet], listen: db.listen });
await worker.start();
process.stdout.write("working\n");
process.once("SIGTERM", () => void worker.stop().then(() => db.close()));
