import type { IngestBus, NewEvent, PublishOutcome } from "@millrace/bus";
import type { Config } from "@millrace/config";
import { isMillraceError } from "@millrace/contract";
import type { Metrics } from "@millrace/telemetry";

import { type CpuTurns, createCpuTurns } from "./cpu-turns.ts";
import { type Memory, createMemory } from "./memory.ts";
import { type Places, createPlaces } from "./places.ts";
import { createPressure } from "./pressure.ts";
import { createPublisher } from "./publisher.ts";
import { type Uploads, createUploads } from "./uploads.ts";

/** What the desk reads of the configuration. */
export type IngestLimits = Omit<Config["ingest"], "bus" | "nats">;

export interface IngestDeskOptions {
  readonly bus: Pick<IngestBus, "publish" | "lag">;
  readonly limits: IngestLimits;
  readonly metrics?: Metrics | undefined;
}

/** Where the requests of a process meet on their way to the bus. */
export interface IngestDesk {
  readonly limits: IngestLimits;
  readonly memory: Memory;
  readonly uploads: Uploads;
  /** For reading and checking what tenants send. */
  readonly turns: CpuTurns;
  /** For requests that are parsed and not yet published. */
  readonly places: Places;
  /** Resolves when the tenant may send. @throws RATE_LIMITED, UNAVAILABLE */
  admit(tenantNo: number): Promise<void>;
  /** Publishes, together with what others of the tenant bring. @throws UNAVAILABLE */
  publish(
    tenantNo: number,
    events: readonly NewEvent[],
    options?: { readonly atomic?: boolean | undefined },
  ): Promise<readonly PublishOutcome[]>;
  close(): void;
}

/** Of a tenant that makes room one request is published while the next one is parsed; of small requests some more, so that a publish holds more than one event. */
const heavyPlaces = { requestsMax: 2, bytesMax: 32 * 1_024 };

/** Makes the desk of a process. */
export function createIngestDesk({ bus, limits, metrics }: IngestDeskOptions): IngestDesk {
  const { memoryBytesMax, tenantMemoryBytesMax, lingerMs, publishesMax, tenantPublishesMax } = limits;
  const memory = createMemory({
    bytesMax: memoryBytesMax,
    tenantBytesMax: tenantMemoryBytesMax,
    refused: () => metrics?.ingestRefusedTotal.inc({ reason: "memory" }),
  });
  const uploads = createUploads({
    uploadsMax: limits.uploadsMax,
    tenantUploadsMax: limits.tenantUploadsMax,
    refused: () => metrics?.ingestRefusedTotal.inc({ reason: "memory" }),
  });
  const pressure = createPressure({
    limits: {
      eventsSoft: limits.pendingEventsSoft,
      eventsHard: limits.pendingEventsHard,
      bytesSoft: limits.pendingBytesSoft,
      bytesHard: limits.pendingBytesHard,
    },
    lag: (tenantNo) => bus.lag(tenantNo),
  });
  const turns = createCpuTurns();
  const publisher = createPublisher({
    publish: (tenantNo, events, options) => bus.publish(tenantNo, events, options),
    lingerMs,
    publishesMax,
    tenantPublishesMax,
    published(seconds, events, ok) {
      metrics?.ingestPublishSeconds.observe({ outcome: ok ? "ok" : "failed" }, seconds);
      if (ok) metrics?.ingestPublishEvents.observe(events);
    },
  });
  const stopSampling = metrics?.beforeRender(() => {
    const { events, bytes } = pressure.pending();
    metrics.ingestPendingEvents.set(events);
    metrics.ingestPendingBytes.set(bytes);
    metrics.ingestMemoryBytes.set(memory.bytes());
  });

  return {
    limits,
    memory,
    uploads,
    turns,
    places: createPlaces({ ...heavyPlaces, makesRoom: turns.makesRoom }),
    async admit(tenantNo) {
      try {
        await pressure.admit(tenantNo);
      } catch (error) {
        metrics?.ingestRefusedTotal.inc({ reason: isMillraceError(error, "RATE_LIMITED") ? "soft" : "hard" });
        throw error;
      }
    },
    async publish(tenantNo, events, { atomic = false } = {}) {
      const outcomes = await publisher.publish(tenantNo, events, atomic);
      let count = 0;
      let bytes = 0;
      for (const [index, { outcome }] of outcomes.entries()) {
        if (outcome !== "accepted") continue;
        count++;
        bytes += events[index]?.payload.length ?? 0;
      }
      pressure.accepted(tenantNo, count, bytes);
      return outcomes;
    },
    close: () => stopSampling?.(),
  };
}
