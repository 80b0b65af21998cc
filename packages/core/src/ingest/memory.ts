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
  /** Counts bytes that have arrived; answers RATE_LIMITED when there is no room for them, and counts nothing then. */
  add(bytes: number): MillraceError | undefined;
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

/** Makes the bound. */
export function createMemory({ bytesMax, tenantBytesMax, refused }: MemoryLimits): Memory {
  let total = 0;
  const byTenant = new Map<string, number>();

  return {
    enter(tenantId) {
      let held = 0;
      return {
        add(bytes) {
          const own = byTenant.get(tenantId) ?? 0;
          if (own + bytes > tenantBytesMax || total + bytes > bytesMax) {
            refused?.();
            const whose = own + bytes > tenantBytesMax ? "this tenant" : "this process";
            const message = `The requests of ${whose} hold as much memory as they may; send again when they are answered.`;
            return new MillraceError("RATE_LIMITED", message, { retryAfterMs });
          }
          byTenant.set(tenantId, own + bytes);
          total += bytes;
          held += bytes;
          return undefined;
        },
        close() {
          const left = (byTenant.get(tenantId) ?? 0) - held;
          if (left > 0) byTenant.set(tenantId, left);
          else byTenant.delete(tenantId);
          total -= held;
          held = 0;
        },
      };
    },
    bytes: () => total,
  };
}
