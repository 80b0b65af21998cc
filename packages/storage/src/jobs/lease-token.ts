import { tenantIdSchema } from "@millrace/contract";

/** What a lease token proves: this job, at this claim. `claimId` is random, which makes the token unguessable. */
export interface Lease {
  readonly tenantId: string;
  readonly id: string;
  readonly fence: number;
  readonly claimId: string;
}

const headBytes = 36;

/** The opaque text of a lease: base64url of job id (16 bytes), claim id (16), fence (4, big-endian) and tenant. */
export function encodeLeaseToken(lease: Lease): string {
  const bytes = Buffer.alloc(headBytes + Buffer.byteLength(lease.tenantId));
  bytes.write(lease.id.replaceAll("-", ""), 0, "hex");
  bytes.write(lease.claimId.replaceAll("-", ""), 16, "hex");
  bytes.writeInt32BE(lease.fence, 32);
  bytes.write(lease.tenantId, headBytes);
  return bytes.toString("base64url");
}

/** The lease in a token; undefined for text that no claim ever gave out. */
export function decodeLeaseToken(token: string): Lease | undefined {
  if (!/^[A-Za-z0-9_-]{49,150}$/.test(token)) return undefined;
  const bytes = Buffer.from(token, "base64url");
  const tenantId = bytes.toString("latin1", headBytes);
  // One text for one lease: no other spelling of the same bytes, and a tenant as the contract spells it.
  if (bytes.toString("base64url") !== token || !tenantIdSchema.safeParse(tenantId).success) return undefined;
  return { id: uuidAt(bytes, 0), claimId: uuidAt(bytes, 16), fence: bytes.readInt32BE(32), tenantId };
}

/** Names a claim of a job among others: a map's key. */
export function leaseKey({ id, claimId }: Pick<Lease, "id" | "claimId">): string {
  return `${id}/${claimId}`;
}

function uuidAt(bytes: Buffer, start: number): string {
  const hex = bytes.toString("hex", start, start + 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
