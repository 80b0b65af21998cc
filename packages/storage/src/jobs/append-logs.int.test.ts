import { expect, it } from "vitest";

import { createAndClaim, until } from "../testing/job-store/fixture.ts";
import { storeOfFile } from "../testing/job-store/store-of-file.ts";
import { appendLogs } from "./append-logs.ts";

const { test, store } = await storeOfFile();

it("a line that is committed late never lies behind one that was read already", async () => {
  const { job, leaseToken } = await createAndClaim(store);
  const line = (message: string) => [{ leaseToken, lines: [{ level: "info" as const, message }] }];
  const read: string[] = [];
  let seq = 0;
  const readOn = async () => {
    for (const one of await store.logsAfter(job, seq)) {
      read.push(one.message);
      ({ seq } = one);
    }
  };
  let isLaterWritten = false;
  let later: Promise<unknown> = Promise.resolve();
  await test.database.withTransaction(async (tx) => {
    await appendLogs(tx, line("first"));
    later = store.appendLogs(line("second")).then(() => (isLaterWritten = true));
    // The second either waits for the first, or is there.
    await until(async () => {
      const [{ n } = { n: 0 }] = await test.database.query<{ n: number }>({
        name: "test",
        text: "select count(*)::integer as n from pg_locks join pg_stat_activity using (pid) where not granted and datname = current_database()",
      });
      return isLaterWritten || n > 0;
    });
    await readOn();
  });
  await later;
  await readOn();
  expect(read).toEqual(["first", "second"]);
});
