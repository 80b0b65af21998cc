import { setTimeout } from "node:timers/promises";

import { MillraceError } from "@millrace/contract";

export interface MemoryLimits {
  /** Bytes of all requests of the process together. */
  readonly bytesMax: number;
  /** Bytes of one tenant's. */
  readonly tenantBytesMax: number;
  /** Called for each refusal. */
  readonly refused?: (() => void) | undefined;
}

/** What one request holds in memory. */
export interface MemoryShare {
  /**
   * Counts bytes that have arrived. Where there is no room for them it counts nothing and answers RATE_LIMITED, or PAYLOAD_TOO_LARGE for what would
   * be too much by itself.
   */
  add(bytes: number): MillraceError | undefined;
  /** True when there is room. */
  fits(bytes: number): boolean;
  /** Counts bytes as soon as there is room for them. @throws RATE_LIMITED when it takes too long, PAYLOAD_TOO_LARGE */
  wait(bytes: number): Promise<void>;
  /** Gives some back. */
  give(bytes: number): void;
  /** Gives all of it back. */
  close(): void;
}

/** Bounds what requests hold in memory between their arrival and their answer, so that no number of them can exhaust the process. */
export interface Memory {
  enter(tenantId: string): MemoryShare;
  /** Bytes that are held at the moment. */
  bytes(): number;
}

/** How long a sender is asked to wait for others' bodies to be published: such takes well under a second. */
const retryAfterMs = 1_000;
/** How long an upload that has begun is held back for them. */
const patienceMs = 15_000;
const lookAgainMs = 20;

/** Makes the bound. */
export function createMemory({ bytesMax, tenantBytesMax, refused }: MemoryLimits): Memory {
  let total = 0;
  const byTenant = new Map<string, number>();

  const ownOf = (tenantId: string) => byTenant.get(tenantId) ?? 0;

  function change(tenantId: string, bytes: number): void {
    const own = ownOf(tenantId) + bytes;
    if (own > 0) byTenant.set(tenantId, own);
    else byTenant.delete(tenantId);
    total += bytes;
  }

  function refusal(tenantId: string, held: number, bytes: number): MillraceError {
    refused?.();
    if (held + bytes > tenantBytesMax) {
      const message = `The request holds more values than fit in memory: ${tenantBytesMax} bytes, parsed. Send less at once.`;
      return new MillraceError("PAYLOAD_TOO_LARGE", message);
    }
    const whose = ownOf(tenantId) + bytes > tenantBytesMax ? "this tenant" : "this process";
    const message = `The requests of ${whose} hold as much memory as they may; send again when they are answered.`;
    return new MillraceError("RATE_LIMITED", message, { retryAfterMs });
  }

  return {
    enter(tenantId) {
      let held = 0;
      const take = (bytes: number) => {
        change(tenantId, bytes);
        held += bytes;
      };
      const fits = (bytes: number) => ownOf(tenantId) + bytes <= tenantBytesMax && total + bytes <= bytesMax;
      return {
        add(bytes) {
          if (!fits(bytes)) return refusal(tenantId, held, bytes);
          take(bytes);
          return undefined;
        },
        fits,
        async wait(bytes) {
          const deadlineMs = performance.now() + patienceMs;
          while (!fits(bytes)) {
            if (bytes > tenantBytesMax || performance.now() > deadlineMs) throw refusal(tenantId, 0, bytes);
            await setTimeout(lookAgainMs);
          }
          take(bytes);
        },
        give: (bytes) => take(-Math.min(bytes, held)),
        close: () => take(-held),
      };
    },
    bytes: () => total,
  };
}
