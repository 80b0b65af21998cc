import { setTimeout as delay } from "node:timers/promises";

import { connectDirectly } from "@millrace/storage";

/** Ends all connections to the database but its own, again and again. A server that is down meanwhile is no concern of it. */
export async function terminateBackends(
  databaseUrl: string,
  { everyMs, forMs }: { readonly everyMs: number; readonly forMs: number },
): Promise<void> {
  const untilMs = performance.now() + forMs;
  while (performance.now() < untilMs) {
    await terminateOnce(databaseUrl).catch(() => {});
    await delay(everyMs);
  }
}

async function terminateOnce(databaseUrl: string): Promise<void> {
  const connection = await connectDirectly({ url: databaseUrl, applicationName: "chaos" });
  try {
    await connection.query({
      name: "chaos.terminate",
      text: `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`,
    });
  } finally {
    await connection.close();
  }
}
