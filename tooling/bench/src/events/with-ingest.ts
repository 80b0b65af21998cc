import { issueKey } from "@millrace/core";
import { connectDirectly, createDatabase, createPostgresKeyStore } from "@millrace/storage";

import { type RunningApi, withApi } from "../http/with-api.ts";
import { columns, tableName } from "./records.ts";

/** An API with tenants that each have the table of the records. */
export interface IngestApi {
  readonly pid: number;
  readonly url: string;
  /** Where records are sent to. */
  readonly ingestUrl: string;
  /** Headers of each tenant. */
  readonly tenants: readonly Readonly<Record<string, string>>[];
}

/** Runs `fn` with the API as it is deployed, and so many tenants. */
export function withIngest<Result>(
  databaseUrl: string,
  tenantCount: number,
  changes: Readonly<Record<string, string>>,
  fn: (api: IngestApi) => Promise<Result>,
): Promise<Result> {
  return withApi(
    databaseUrl,
    async ({ url, pid }) => {
      const tenants = await makeTenants(databaseUrl, tenantCount);
      for (const headers of tenants) await makeTable(url, headers);
      return fn({ pid, url, ingestUrl: `${url}/v1/ingest/${tableName}`, tenants });
    },
    changes,
  );
}

async function makeTenants(url: string, count: number): Promise<IngestApi["tenants"]> {
  const database = createDatabase({ url });
  try {
    const keys = createPostgresKeyStore(database);
    const named = Array.from({ length: count }, (_, n) => ({
      tenantId: `tenant-${n}`,
      name: "bench",
      scopes: ["*"] as const,
    }));
    const issued = await Promise.all(named.map((wanted) => issueKey(keys, { ...wanted, scopes: [...wanted.scopes] })));
    return issued.map(({ key }) => ({ authorization: `Bearer ${key}` }));
  } finally {
    await database.close();
  }
}

async function makeTable(url: RunningApi["url"], headers: Readonly<Record<string, string>>): Promise<void> {
  const answer = await fetch(`${url}/v1/tables`, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({ name: tableName, columns }),
  });
  if (!answer.ok) throw new Error(`The table was not made: ${await answer.text()}`);
}

/** How many events all tenants' logs hold, as the API tells it. */
export async function countEvents({ url, tenants }: Pick<IngestApi, "url" | "tenants">): Promise<number> {
  const heads = tenants.map(async (headers) => {
    const lag = (await (await fetch(`${url}/v1/lag`, { headers })).json()) as { readonly head: number };
    return lag.head;
  });
  return (await Promise.all(heads)).reduce((sum, head) => sum + head, 0);
}

/** Writes out what the server holds in memory, so that no measurement pays for what came before it. */
export async function checkpoint(url: string): Promise<void> {
  const connection = await connectDirectly({ url });
  try {
    await connection.exec("analyze");
    await connection.exec("checkpoint");
  } finally {
    await connection.close();
  }
}
