import { createDatabase } from "../database.ts";
import { patient } from "../testing/patient.ts";
import { keepUp, workLimits } from "./limits.test.support.ts";
import { createPostgresJobStore, hotSession } from "./postgres-job-store.ts";

/** A worker process for the tests of limits: writes a JSON line for each start and end of an attempt. Killed, or told to go by the end of its input. */
const [url = "", tenantId = "", leaseMs = ""] = process.argv.slice(2);
const database = createDatabase({ ...patient, url, poolMax: 3, session: hotSession });
const store = createPostgresJobStore(database);
let over = false;
process.stdin.resume().on("end", () => (over = true));
const isOver = () => over;
const write = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
await Promise.all([
  workLimits({
    store,
    tenantId,
    leaseMs: Number(leaseMs),
    isOver,
    onStart: (token, attempt) => write({ token, ...attempt }),
    onEnd: (token, toMs) => write({ token, toMs }),
    abandoned: 0,
    holdMsMax: 40,
  }),
  keepUp(store, isOver),
]);
await store.close();
await database.close();
