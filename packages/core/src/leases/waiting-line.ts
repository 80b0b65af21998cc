import type { ClaimedJob } from "@millrace/storage";

import { createSetback, isAway, type Setback } from "./setback.ts";

/** A claim of one tenant, as the store takes it. */
export interface DeskClaim {
  readonly tenantId: string;
  readonly queues: readonly string[];
  readonly types?: readonly string[] | undefined;
  readonly limit: number;
  readonly leaseMs: number;
  readonly worker: string;
}

/** What a claim brought. */
export interface DeskClaimed {
  readonly claimed: readonly ClaimedJob[];
  /** When it is worth asking again, if nothing was claimed and that is known. */
  readonly retryInMs?: number | undefined;
}

export interface Place {
  /** The first claim that brings jobs; empty when the place was left. */
  readonly claimed: Promise<readonly ClaimedJob[]>;
  /** Gives the place up. A claim that is under way for it still counts. */
  leave(): void;
}

/** Those who wait for jobs, each tenant's in the order in which they came. */
export interface WaitingLine {
  /** True when somebody waits for the same queues and types. */
  hasLike(request: DeskClaim): boolean;
  join(request: DeskClaim): Place;
  /** There may be jobs in a queue of a tenant; without a queue in any of the tenant's, without a tenant in any of anybody's. */
  wake(tenantId?: string, queue?: string): void;
  /** Has a claim made for those who wait for the same queues and types: now, or once so much time has passed. */
  wakeLike(request: DeskClaim, afterMs?: number): void;
  size(): number;
  /** Resolves when no claim is under way; none will come. */
  close(): Promise<void>;
}

interface Waiter {
  readonly number: number;
  readonly request: DeskClaim;
  readonly settle: (claimed: readonly ClaimedJob[], failure?: unknown) => void;
  isServed: boolean;
  hasLeft: boolean;
}

/** Those who wait for the same queues and types: what one of them is told of an empty claim is true for all. */
interface Group {
  readonly key: string;
  readonly tenantId: string;
  readonly queues: ReadonlySet<string>;
  readonly waiters: Set<Waiter>;
  /** There may be jobs that no claim has looked for yet. */
  mayHaveJobs: boolean;
  again: NodeJS.Timeout | undefined;
}

interface Tenant {
  readonly groups: Map<string, Group>;
  readonly setback: Setback;
}

/** How many claims are under way at once for those who wait: enough for many tenants, few enough to leave connections to everybody else. */
const servedMax = 4;

/**
 * Serves those who wait: one claim at a time for each tenant, for whoever has waited longest among those who may find something, until a claim
 * brings nothing to their kind. What is announced while a claim is under way may come too late for it, so it causes another. Tenants take turns, and
 * claims that fail hold up their own tenant only, unless the database is away.
 */
export function createWaitingLine(claim: (request: DeskClaim) => Promise<DeskClaimed>): WaitingLine {
  const tenants = new Map<string, Tenant>();
  /** Tenants with a claim to be made, in turn. */
  const due = new Set<string>();
  const serving = new Map<string, Promise<void>>();
  let joined = 0;
  let size = 0;
  const outage = createSetback(serveDue);
  let isClosed = false;

  function look(group: Group): void {
    group.mayHaveJobs = true;
    due.add(group.tenantId);
  }

  function serveDue(): void {
    if (outage.isPaused() || isClosed) return;
    for (const tenantId of due) {
      if (serving.size >= servedMax) return;
      const tenant = tenants.get(tenantId);
      if (serving.has(tenantId) || tenant?.setback.isPaused() === true) continue;
      due.delete(tenantId);
      const group = nextGroup(tenant);
      const [waiter] = group?.waiters ?? [];
      if (group !== undefined && waiter !== undefined) serving.set(tenantId, serve(group, waiter));
    }
  }

  async function serve(group: Group, waiter: Waiter): Promise<void> {
    group.mayHaveJobs = false;
    waiter.isServed = true;
    try {
      const { claimed, retryInMs } = await claim(waiter.request);
      outage.recovered();
      tenants.get(group.tenantId)?.setback.recovered();
      if (claimed.length > 0 || waiter.hasLeft) dismiss(group, waiter, claimed);
      if (claimed.length > 0) group.mayHaveJobs = true;
      else if (retryInMs !== undefined) askAgain(group, retryInMs);
    } catch (error) {
      const setback = isAway(error) ? outage : tenants.get(group.tenantId)?.setback;
      if (!isClosed) setback?.failed(error);
      group.mayHaveJobs = true;
      if (waiter.hasLeft) dismiss(group, waiter, []);
    }
    waiter.isServed = false;
    serving.delete(group.tenantId);
    // Behind the others.
    if (tenants.has(group.tenantId)) due.add(group.tenantId);
    serveDue();
  }

  function askAgain(group: Group, afterMs: number): void {
    if (group.waiters.size === 0 || isClosed) return;
    // What the last claim said is the truth of now.
    clearTimeout(group.again);
    group.again = setTimeout(() => {
      look(group);
      serveDue();
    }, afterMs);
  }

  function dismiss(group: Group, waiter: Waiter, claimed: readonly ClaimedJob[]): void {
    if (!group.waiters.delete(waiter)) return;
    size--;
    const tenant = tenants.get(group.tenantId);
    // Whoever waits while the database can't be asked is not told that there is nothing.
    const failure = tenant?.setback.failure() ?? outage.failure();
    waiter.settle(claimed, claimed.length === 0 && !isClosed ? failure : undefined);
    if (group.waiters.size > 0) return;
    clearTimeout(group.again);
    tenant?.groups.delete(group.key);
    if (tenant?.groups.size !== 0) return;
    tenant.setback.clear();
    tenants.delete(group.tenantId);
  }

  function tenantOf(tenantId: string): Tenant {
    const tenant = tenants.get(tenantId) ?? { groups: new Map<string, Group>(), setback: createSetback(serveDue) };
    tenants.set(tenantId, tenant);
    return tenant;
  }

  return {
    hasLike: (request) => tenants.get(request.tenantId)?.groups.has(keyOf(request)) === true,
    join(request) {
      const { promise, resolve, reject } = Promise.withResolvers<readonly ClaimedJob[]>();
      const { groups } = tenantOf(request.tenantId);
      const group = groups.get(keyOf(request)) ?? newGroup(request);
      groups.set(group.key, group);
      const waiter: Waiter = {
        number: joined++,
        request,
        settle: (claimed, error) => (error === undefined ? resolve(claimed) : reject(error)),
        isServed: false,
        hasLeft: false,
      };
      group.waiters.add(waiter);
      size++;
      return {
        claimed: promise,
        leave() {
          waiter.hasLeft = true;
          if (!waiter.isServed) dismiss(group, waiter, []);
        },
      };
    },
    wake(tenantId, queue) {
      const woken = tenantId === undefined ? tenants.values() : [tenants.get(tenantId)];
      for (const tenant of woken) {
        for (const group of tenant?.groups.values() ?? []) {
          if (queue === undefined || group.queues.has(queue)) look(group);
        }
      }
      serveDue();
    },
    wakeLike(request, afterMs) {
      const group = tenants.get(request.tenantId)?.groups.get(keyOf(request));
      if (group === undefined) return;
      if (afterMs === undefined) {
        look(group);
        serveDue();
      } else askAgain(group, afterMs);
    },
    size: () => size,
    async close() {
      isClosed = true;
      outage.clear();
      for (const group of [...tenants.values()].flatMap(({ groups }) => [...groups.values()])) {
        for (const waiter of group.waiters) {
          waiter.hasLeft = true;
          if (!waiter.isServed) dismiss(group, waiter, []);
        }
      }
      await Promise.all(serving.values());
    },
  };
}

function newGroup(request: DeskClaim): Group {
  return {
    key: keyOf(request),
    tenantId: request.tenantId,
    queues: new Set(request.queues),
    waiters: new Set(),
    mayHaveJobs: false,
    again: undefined,
  };
}

/** Of a tenant's groups for which there may be jobs, the one of whoever has waited longest. */
function nextGroup(tenant: Tenant | undefined): Group | undefined {
  let next: Group | undefined;
  for (const group of tenant?.groups.values() ?? []) {
    if (group.mayHaveJobs && (next === undefined || firstNumber(group) < firstNumber(next))) next = group;
  }
  return next;
}

function firstNumber(group: Group): number {
  const [first] = group.waiters;
  return first?.number ?? Number.POSITIVE_INFINITY;
}

function keyOf({ queues, types }: DeskClaim): string {
  return JSON.stringify([queues.toSorted(), types?.toSorted()]);
}
