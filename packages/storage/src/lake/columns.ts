/** The channel on which every snapshot is told, as `tenantNo:snapshotId:watermark`. */
export const snapshotChannel = "millrace_snapshots";

/** A row `s` of `lake_snapshots` as a Snapshot. A pin that has run out is none. */
export const snapshotColumns = `
  s.tenant_no as "tenantNo", s.snapshot_id as "snapshotId", s.snapshot_time as "snapshotTime", s.watermark, s.kind,
  s.expired_at is not null as expired,
  exists (
    select from millrace.lake_pins p
    where p.tenant_no = s.tenant_no and p.snapshot_id = s.snapshot_id and (p.expires_at is null or p.expires_at > now())
  ) as pinned`;

/** What a tenant's lake is before its first snapshot: there from the start, empty, never expired. `l` is the row of `event_logs`. */
export const emptySnapshotColumns = `
  l.tenant_no as "tenantNo", 0::bigint as "snapshotId", date_trunc('milliseconds', l.created_at) as "snapshotTime", 0::bigint as watermark, 'publish' as kind,
  false as expired, false as pinned`;

/** A row `f` of `lake_files` as a LakeFile. */
export const fileColumns = `
  f.file_id as "fileId", f.table_id as "tableId", f.version, f.path, f.row_count as "rowCount", f.file_bytes as "fileBytes",
  f.content_hash as "contentHash", f.min_offset as "minOffset", f.max_offset as "maxOffset",
  f.min_ingested_at as "minIngestedAt", f.max_ingested_at as "maxIngestedAt", f.begin_snapshot as "beginSnapshot"`;
