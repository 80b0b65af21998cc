import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import type { BenchPostgres } from "../with-postgres.ts";
import { redisVersion } from "../with-redis.ts";

const libraries = ["pg-boss", "graphile-worker", "bullmq", "ioredis", "pg", "hono", "@hono/node-server", "autocannon"];

/** The versions of all that takes part where queues are measured. */
export async function readVersions(postgres: Pick<BenchPostgres, "admin">): Promise<Readonly<Record<string, string>>> {
  const { node = "", postgresql = "", ...others } = await versionsOf(postgres, libraries);
  return { node, postgresql, redis: redisVersion() ?? "none", ...others };
}

/** The versions of Node, of PostgreSQL and of these libraries. */
export async function versionsOf(
  { admin }: Pick<BenchPostgres, "admin">,
  names: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const [row] = await admin.query<{ version: string }>({
    name: "version",
    text: "select current_setting('server_version') as version",
  });
  const installed = names.map((name) => [name, versionOf(name)] as const);
  return {
    node: process.versions.node,
    postgresql: row?.version ?? "unknown",
    ...Object.fromEntries(installed),
  };
}

/** From the package's own manifest, which its `exports` may hide. */
function versionOf(name: string): string {
  let folder = dirname(createRequire(import.meta.url).resolve(name));
  for (;;) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<string, unknown>;
      if (manifest["name"] === name) return String(manifest["version"]);
    } catch {
      // Not here.
    }
    if (folder === dirname(folder)) return "unknown";
    folder = dirname(folder);
  }
}
