import { MillraceError } from "@millrace/contract";

export interface UploadLimits {
  readonly uploadsMax: number;
  readonly tenantUploadsMax: number;
  /** Called for each refusal. */
  readonly refused?: (() => void) | undefined;
}

/** Bounds how many uploads are open at once: what one brings in is bounded by memory, but each has a connection and a line that has begun. */
export interface Uploads {
  /** Takes a place; call the answer to give it back. @throws RATE_LIMITED */
  enter(tenantId: string): () => void;
}

/** How long an upload may bring nothing before it is ended, unless configured: only then it is sure that a place is free. */
const retryAfterMs = 30_000;

/** Makes the bound. */
export function createUploads({ uploadsMax, tenantUploadsMax, refused }: UploadLimits): Uploads {
  let total = 0;
  const byTenant = new Map<string, number>();

  return {
    enter(tenantId) {
      const own = byTenant.get(tenantId) ?? 0;
      if (own >= tenantUploadsMax || total >= uploadsMax) {
        refused?.();
        const whose = own >= tenantUploadsMax ? "this tenant" : "this process";
        const message = `As many uploads of ${whose} are open as may be; send again when one has ended, or send JSON.`;
        throw new MillraceError("RATE_LIMITED", message, { retryAfterMs });
      }
      byTenant.set(tenantId, own + 1);
      total++;
      return () => {
        total--;
        const left = (byTenant.get(tenantId) ?? 0) - 1;
        if (left > 0) byTenant.set(tenantId, left);
        else byTenant.delete(tenantId);
      };
    },
  };
}
