export { createNatsBus } from "./nats/nats-bus.ts";
export type { NatsBusOptions, NatsBusPoint } from "./nats/options.ts";
