import { testDatabase } from "@millrace/storage/testing";

import { makeTable } from "./make-table.ts";
import { startTestApi } from "./start-test-api.ts";
const database = await testDatabase();
const api = await startTestApi({ database });
await makeTable(api, { name: "orders", columns: { id: "varchar", placed_at: "timestamp", total: "decimal(12,2)" } });
const { key } = await api.makeKey();
console.log(`MILLRACE_URL=${api.url} MILLRACE_KEY=${key}`);
process.on("SIGTERM", async () => {
  await api.close();
  await database.close();
});
