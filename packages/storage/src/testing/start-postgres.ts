import { readTestEnvironment } from "./environment.ts";
import { startContainer } from "./start-container.ts";
import { startTestServer } from "./test-server.ts";

/** A server to test on. */
export interface TestPostgres {
  /** Of a superuser, to the maintenance database. */
  readonly url: string;
  readonly source: "url" | "container" | "embedded";
  stop(): Promise<void>;
}

/**
 * Starts the server that the surroundings offer: `TEST_DATABASE_URL`, else testcontainers where a Docker engine answers
 * (`TEST_POSTGRES_IMAGE`, default postgres:18), else the embedded one.
 */
export async function startPostgres(): Promise<TestPostgres> {
  const { databaseUrl, image, dockerHost } = readTestEnvironment();
  if (databaseUrl !== undefined) return { url: databaseUrl, source: "url", stop: async () => {} };
  const container = await startContainer({ image, dockerHost });
  if (container !== undefined) return { ...container, source: "container" };
  const server = await startTestServer();
  return { url: server.url, source: "embedded", stop: () => server.remove() };
}
