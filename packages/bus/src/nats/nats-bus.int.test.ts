import { beforeAll, describe } from "vitest";

import { describeIngestBus } from "../testing/describe-ingest-bus.ts";
import { findNatsServer, noNatsServer } from "../testing/nats/find-server.ts";
import type { TestNats } from "../testing/nats/start-nats.ts";
import { startNats } from "../testing/nats/start-nats.ts";
import { crashes, openNats } from "./open.test.support.ts";

const program = findNatsServer();

describe.runIf(program)(`with nats-server ${program?.version ?? noNatsServer}`, () => {
  let nats: TestNats;
  beforeAll(async () => {
    nats = await startNats();
    return () => nats.stop();
  });

  describeIngestBus("NATS JetStream", { crashes, open: () => openNats(nats.servers) });
});
