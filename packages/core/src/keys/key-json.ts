import type { KeyJson } from "@millrace/contract";
import type { ApiKey } from "@millrace/storage";

/** A key as JSON shows it: without tenant. */
export function toKeyJson(key: ApiKey): KeyJson {
  return {
    id: key.id,
    name: key.name,
    start: key.start,
    scopes: [...key.scopes],
    queues: key.queues === null ? null : [...key.queues],
    tables: key.tables === null ? null : [...key.tables],
    createdAt: key.createdAt.toISOString(),
    createdBy: key.createdBy,
    expiresAt: key.expiresAt?.toISOString() ?? null,
    revokedAt: key.revokedAt?.toISOString() ?? null,
    lastUsedAt: key.lastUsedAt?.toISOString() ?? null,
    successorId: key.successorId,
  };
}
