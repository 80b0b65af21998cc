import { createPostgresBus, type IngestBus } from "@millrace/bus";
import type { Config } from "@millrace/config";
import { MillraceError } from "@millrace/contract";
import type { Database } from "@millrace/storage";
import type { Logger } from "@millrace/telemetry";

/**
 * The bus that the configuration names. With servers of NATS it is theirs even while it publishes to PostgreSQL, since streams may still hold events.
 * @throws INTERNAL where the NATS client is not installed, UNAVAILABLE
 */
export async function createBus(
  db: Database,
  config: Config["ingest"] | undefined,
  logger: Logger,
): Promise<IngestBus> {
  if (config === undefined || config.natsUrls.length === 0) return createPostgresBus({ db });
  const { createNatsBus } = await loadNats();
  return createNatsBus({
    db,
    servers: config.natsUrls,
    user: config.natsUser,
    password: config.natsPassword,
    credentialsFile: config.natsCredentialsFile,
    caFile: config.natsCaFile,
    shards: config.natsShards,
    replicas: config.natsReplicas,
    streamBytesMax: config.natsStreamBytesMax,
    publishTo: config.bus,
    logger,
  });
}

async function loadNats() {
  try {
    return await import("@millrace/bus/nats");
  } catch (cause) {
    throw new MillraceError(
      "INTERNAL",
      "The NATS client can't be loaded; install @nats-io/jetstream and @nats-io/transport-node.",
      { cause },
    );
  }
}
