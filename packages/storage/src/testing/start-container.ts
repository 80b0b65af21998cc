import { request } from "node:http";

const imageDefault = "postgres:18";
const pingTimeoutMs = 500;

export interface ContainerOptions {
  readonly image: string | undefined;
  readonly dockerHost: string | undefined;
}

/** Starts PostgreSQL in a container; undefined where there is no engine, no testcontainers, or no image that was not asked for by name. */
export async function startContainer({
  image,
  dockerHost,
}: ContainerOptions): Promise<{ readonly url: string; stop(): Promise<void> } | undefined> {
  if (!(await answers(dockerHost))) return undefined;
  try {
    const { PostgreSqlContainer } = await import("@testcontainers/postgresql");
    const container = await new PostgreSqlContainer(image ?? imageDefault)
      .withCommand(["postgres", "-c", "fsync=off", "-c", "max_connections=300"])
      .start();
    return {
      url: container.getConnectionUri(),
      async stop() {
        await container.stop();
      },
    };
  } catch (error) {
    if (image !== undefined) throw error;
    return undefined;
  }
}

/** Asks the engine for a sign of life, so that a machine without one loses no time. */
function answers(dockerHost: string | undefined): Promise<boolean> {
  const engine = URL.parse(dockerHost ?? "unix:///var/run/docker.sock");
  const target =
    engine?.protocol === "unix:"
      ? { socketPath: engine.pathname }
      : { host: engine?.hostname ?? "localhost", port: engine?.port ?? "" };
  return new Promise((resolve) => {
    const ping = request({ ...target, path: "/_ping", timeout: pingTimeoutMs }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.on("timeout", () => ping.destroy());
    ping.on("error", () => resolve(false));
    ping.end();
  });
}
