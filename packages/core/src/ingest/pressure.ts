import type { LogLag } from "@millrace/bus";
import { MillraceError } from "@millrace/contract";

import { type DrainRate, createDrainRate } from "./drain-rate.ts";

/** How much of a tenant's may wait to be written into its tables. */
export interface PressureLimits {
  readonly eventsSoft: number;
  readonly eventsHard: number;
  readonly bytesSoft: number;
  readonly bytesHard: number;
}

export interface PressureOptions {
  readonly limits: PressureLimits;
  readonly lag: (tenantNo: number) => Promise<LogLag | undefined>;
  readonly nowMs?: (() => number) | undefined;
}

/** Holds senders back while too much of theirs waits. */
export interface Pressure {
  /** Resolves when the tenant may send. @throws RATE_LIMITED past the soft limit, UNAVAILABLE past the hard one */
  admit(tenantNo: number): Promise<void>;
  /** Counts what was accepted since the log was last looked at. */
  accepted(tenantNo: number, events: number, bytes: number): void;
  /** What waits of all tenants that have sent lately. */
  pending(): { readonly events: number; readonly bytes: number };
}

interface Tenant {
  /** When the log was looked at; so long ago at first that it has to be. */
  seenMs: number;
  events: number;
  bytes: number;
  /** Events that an offset stands for: a stream's offsets are shared with other tenants. */
  density: number;
  readonly drain: DrainRate;
  looking: Promise<void> | undefined;
}

/** A sample is used this long without a look. */
const freshMs = 250;
/** An older one is not used at all: who comes after a pause waits for a look. */
const staleMs = 2_000;
const retryMsMin = 1_000;
const retryMsMax = 60_000;
/** While it is not known how fast the log is consumed. */
const retryMsUnknown = 5_000;
/** Tenants that are quiet for so long are forgotten. */
const forgetMs = 60_000;
const tenantsMax = 10_000;

/** Makes the look at a tenant's log that all of its requests share: one statement every 250 ms, however many there are. */
export function createPressure({ limits, lag, nowMs = () => performance.now() }: PressureOptions): Pressure {
  const tenants = new Map<number, Tenant>();

  function tenantOf(tenantNo: number): Tenant {
    const known = tenants.get(tenantNo);
    if (known !== undefined) return known;
    if (tenants.size >= tenantsMax) forget();
    const tenant = {
      seenMs: Number.NEGATIVE_INFINITY,
      events: 0,
      bytes: 0,
      density: 1,
      drain: createDrainRate(),
      looking: undefined,
    };
    tenants.set(tenantNo, tenant);
    return tenant;
  }

  function forget(): void {
    const now = nowMs();
    for (const [tenantNo, { seenMs, looking }] of tenants) {
      if (looking === undefined && now - seenMs > forgetMs) tenants.delete(tenantNo);
    }
  }

  async function look(tenantNo: number, tenant: Tenant): Promise<void> {
    // What is accepted from here on may be in the sample or not; counting it twice for a moment only errs to the safe side.
    const [events, bytes] = [tenant.events, tenant.bytes];
    try {
      const found = await lag(tenantNo);
      tenant.seenMs = nowMs();
      tenant.events += (found?.pendingEvents ?? 0) - events;
      tenant.bytes += (found?.pendingBytes ?? 0) - bytes;
      tenant.density = densityOf(found);
      tenant.drain.seen(tenant.seenMs, found?.watermark ?? 0);
    } finally {
      tenant.looking = undefined;
    }
  }

  return {
    async admit(tenantNo) {
      const tenant = tenantOf(tenantNo);
      const ageMs = nowMs() - tenant.seenMs;
      if (ageMs > freshMs) {
        tenant.looking ??= look(tenantNo, tenant);
        // A log that can't be looked at can't be written either, and that says it better.
        const looked = tenant.looking.catch(() => undefined);
        if (ageMs > staleMs) await looked;
      }
      const over = limitReached(tenant, limits);
      if (over === undefined) return;
      const message = "More events of this tenant wait to be written into their tables than may.";
      const { events: pendingEvents, bytes: pendingBytes } = tenant;
      throw new MillraceError(over === "soft" ? "RATE_LIMITED" : "UNAVAILABLE", message, {
        retryAfterMs: untilBelow(tenant, limits),
        extensions: { pendingEvents, pendingBytes },
      });
    },
    accepted(tenantNo, events, bytes) {
      const tenant = tenantOf(tenantNo);
      tenant.events += events;
      tenant.bytes += bytes;
    },
    pending() {
      forget();
      const all = [...tenants.values()];
      return {
        events: all.reduce((sum, { events }) => sum + events, 0),
        bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
      };
    },
  };
}

function limitReached({ events, bytes }: Tenant, limits: PressureLimits): "soft" | "hard" | undefined {
  if (events >= limits.eventsHard || bytes >= limits.bytesHard) return "hard";
  return events >= limits.eventsSoft || bytes >= limits.bytesSoft ? "soft" : undefined;
}

function densityOf(lag: LogLag | undefined): number {
  if (lag === undefined || lag.head <= lag.watermark) return 1;
  return Math.min(1, lag.pendingEvents / (lag.head - lag.watermark));
}

/** How long it takes, at the speed of the last seconds, until the tenant is below its soft limits. */
function untilBelow({ events, bytes, density, drain }: Tenant, limits: PressureLimits): number {
  const offsetsPerSecond = drain.perSecond();
  if (offsetsPerSecond === undefined) return retryMsUnknown;
  const perSecond = offsetsPerSecond * density;
  const bytesPerEvent = bytes / Math.max(1, events);
  const excess = Math.max(events - limits.eventsSoft, (bytes - limits.bytesSoft) / Math.max(1, bytesPerEvent)) + 1;
  return Math.min(retryMsMax, Math.max(retryMsMin, Math.ceil((excess * 1_000) / perSecond)));
}
