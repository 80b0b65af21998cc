/** What a lease token proves: this job, at this claim. `claimId` is random, which makes the token unguessable. */
export interface Lease {
  readonly tenantId: string;
  readonly id: string;
  readonly fence: number;
  readonly claimId: string;
}

const uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
/** Fixed places, so that a token is read by cutting: it is written and read once or twice for every job that runs. */
const form = new RegExp(`^${uuid}${uuid}[0-7][0-9a-f]{7}[a-z0-9][a-z0-9_-]{0,63}$`);

/** The text of a lease, opaque to whoever holds it: job id, claim id, fence (8 hexadecimal digits) and tenant. */
export function encodeLeaseToken({ id, claimId, fence, tenantId }: Lease): string {
  return id + claimId + fence.toString(16).padStart(8, "0") + tenantId;
}

/** The lease in a token; undefined for text that no claim ever gave out. */
export function decodeLeaseToken(token: string): Lease | undefined {
  if (!form.test(token)) return undefined;
  return {
    id: token.slice(0, 36),
    claimId: token.slice(36, 72),
    fence: Number.parseInt(token.slice(72, 80), 16),
    tenantId: token.slice(80),
  };
}

/** Names a claim of a job among others: a map's key. */
export function leaseKey({ id, claimId }: Pick<Lease, "id" | "claimId">): string {
  return `${id}/${claimId}`;
}
