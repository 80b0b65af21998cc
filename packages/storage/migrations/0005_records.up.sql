-- Shapes of payloads: every version that was ever registered; the newest is the one in force.
create table millrace.payload_schemas (
  tenant_id text not null,
  type text not null,
  version integer not null,
  schema json not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, type, version)
);

-- Who did what. Written in the transaction of the change where there is one.
create table millrace.audit_log (
  id uuid primary key,
  tenant_id text not null,
  at timestamptz not null default now(),
  actor text not null,
  action text not null,
  target text not null,
  detail json
);

create index audit_log_tenant on millrace.audit_log (tenant_id, id);

-- Which workers were seen of late, and for what: tells why a job isn't worked. A worker of every tenant has the tenant ''.
create table millrace.workers (
  tenant_id text not null,
  name text not null,
  queues text[],
  types text[],
  seen_at timestamptz not null default now(),
  primary key (tenant_id, name)
) with (fillfactor = 50);

create index workers_seen on millrace.workers (seen_at);
