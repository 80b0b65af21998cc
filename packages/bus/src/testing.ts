export { describeIngestBus } from "./testing/describe-ingest-bus.ts";
export type { CrashedPublish, IngestBusFixture, IngestBusHarness } from "./testing/fixture.ts";
export { consumeAll, makeLog, newEvent, newEvents } from "./testing/fixture.ts";
