/** A row of `api_keys` as an ApiKey: every column but the digest. */
export const keyColumns = `
  id, tenant_id as "tenantId", name, start, scopes, queues, tables, created_at as "createdAt", created_by as "createdBy",
  expires_at as "expiresAt", revoked_at as "revokedAt", last_used_at as "lastUsedAt", successor_id as "successorId"`;

/** Whether a key may be used, by the database's clock. */
export const isLive = "(revoked_at is null and (expires_at is null or expires_at > now()))";
