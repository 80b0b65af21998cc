-- API keys: what proves who calls. Only a digest of each key is kept; see docs/concepts/security.md.

create table millrace.api_keys (
  id uuid primary key,
  tenant_id text not null,
  name text not null,
  -- The public first part of the key: it finds the row, and tells keys apart in lists.
  start text not null,
  -- SHA-256 of the whole key. A key has 190 bits of entropy, so a slow hash would add nothing.
  hash bytea not null,
  scopes text[] not null,
  -- Null: every queue.
  queues text[],
  created_at timestamptz not null default now(),
  created_by uuid,
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz,
  -- The key that took over by rotation; a key is rotated once.
  successor_id uuid
);

create unique index api_keys_start on millrace.api_keys (start);
create index api_keys_tenant_id on millrace.api_keys (tenant_id, id);
