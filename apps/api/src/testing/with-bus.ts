import { type Composition, createIngestDesk } from "@millrace/core";

/** Puts something between ingest and the bus; for `replace` of a test's API. */
export function withBus(
  wrap: (bus: Composition["bus"]) => Composition["bus"],
): (composition: Composition) => Composition {
  return (composition) => {
    const { bus, ingestDesk } = composition;
    if (ingestDesk === undefined) throw new TypeError("the composition has no desk");
    return { ...composition, ingestDesk: createIngestDesk({ bus: wrap(bus), limits: ingestDesk.limits }) };
  };
}
