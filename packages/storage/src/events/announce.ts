import type { Executor, Statement } from "../executor.ts";

/** The channel on which publishing processes say whose log has grown: each payload is one tenant's number. */
export const eventsChannel = "millrace_events";

/** Of many tenants only so many are named: NOTIFY is a hint, and whoever misses it polls. */
const tenantsMax = 1_000;

/** One commit, and with it one lock of NOTIFY's, whatever the number of tenants. */
const announceStatement: Statement = {
  name: "events.announce",
  text: `select pg_notify('${eventsChannel}', t.tenant_no::text) from unnest($1::bigint[]) t(tenant_no)`,
};

export interface Announcer {
  /** The tenant's log has grown, and that is committed. */
  announce(tenantNo: number): void;
  /** Says nothing more. */
  close(): void;
}

/**
 * At most one NOTIFY each `intervalMs` of this process, which takes a database-wide lock at commit: the first publish after a pause is announced at once,
 * what follows is gathered to the end of the interval.
 */
export function createAnnouncer(db: Executor, intervalMs = 5): Announcer {
  const gathered = new Set<number>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const flush = () => {
    timer = undefined;
    if (gathered.size === 0 || closed) return;
    const tenants = [...gathered].slice(0, tenantsMax);
    gathered.clear();
    timer = setTimeout(flush, intervalMs);
    // A lost hint only costs the time until the next poll.
    db.query(announceStatement, [tenants]).catch(() => undefined);
  };

  return {
    announce(tenantNo) {
      gathered.add(tenantNo);
      if (timer === undefined) flush();
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
