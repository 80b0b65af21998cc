/** A row of `schedules` as a Schedule. */
export const scheduleColumns = `
  tenant_id as "tenantId", name, cron, time_zone as "timeZone", misfire_policy as "misfirePolicy", paused, queue, type, job, revision,
  next_at as "nextAt", last_at as "lastAt", last_job_id as "lastJobId", last_error as "lastError",
  created_at as "createdAt", updated_at as "updatedAt"`;

/** The channel on which a schedule that was made or changed is told. */
export const scheduleChannel = "millrace_schedules";
