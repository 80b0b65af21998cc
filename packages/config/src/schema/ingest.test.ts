import { describe, expect, test } from "vitest";

import { load, problemsOf } from "../testing-load.ts";

const refused = (keys: string) =>
  problemsOf(() => load({ sections: ["ingest"], yaml: `ingest: {${keys}}` })).map(({ name }) => name);

describe("ingest", () => {
  test("its defaults suit one machine", () => {
    expect(load({ sections: ["ingest"] }).config.ingest).toMatchObject({
      bus: "postgres",
      recordBytesMax: 262_144,
      bodyBytesMax: 8_388_608,
      recordsMax: 10_000,
      chunkRecordsMax: 1_000,
      chunkBytesMax: 262_144,
      lingerMs: 2,
      publishesMax: 4,
      tenantPublishesMax: 2,
      pendingEventsSoft: 1_000_000,
      pendingEventsHard: 2_000_000,
      pendingBytesSoft: 1_073_741_824,
      pendingBytesHard: 2_147_483_648,
      memoryBytesMax: 134_217_728,
      tenantMemoryBytesMax: 33_554_432,
      uploadsMax: 256,
      tenantUploadsMax: 64,
    });
  });

  test.each([
    ["bus: kafka", "ingest.bus"],
    ["bus: nats", "ingest.natsUrls"],
    ["natsUrls: ['http://a:4222']", "ingest.natsUrls"],
    ["natsUser: a", "ingest.natsPassword"],
    ["recordBytesMax: 2MiB, bodyBytesMax: 1MiB", "ingest.recordBytesMax"],
    ["publishesMax: 1", "ingest.tenantPublishesMax"],
    ["pendingEventsSoft: 11, pendingEventsHard: 10", "ingest.pendingEventsSoft"],
    ["pendingBytesSoft: 2MiB, pendingBytesHard: 1MiB", "ingest.pendingBytesSoft"],
    ["uploadsMax: 8", "ingest.tenantUploadsMax"],
    ["memoryBytesMax: 16MiB", "ingest.tenantMemoryBytesMax"],
    ["tenantMemoryBytesMax: 4MiB", "ingest.bodyBytesMax"],
    ["chunkBytesMax: 8MiB, tenantMemoryBytesMax: 16MiB", "ingest.chunkBytesMax"],
  ])("%s is refused", (keys, name) => expect(refused(keys)).toEqual([name]));

  test.each([
    "bus: nats, natsUrls: ['nats://a:4222', 'tls://[::1]:4222']",
    "natsUrls: ['nats://a:4222']",
    "publishesMax: 1, tenantPublishesMax: 1",
    "lingerMs: 0",
    "pendingEventsSoft: 10, pendingEventsHard: 10",
    "bodyBytesMax: 32MiB",
  ])("%s is fine", (keys) => expect(refused(keys)).toEqual([]));
});
