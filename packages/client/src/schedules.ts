import type {
  CreateScheduleRequest,
  GetScheduleQuery,
  JobJson,
  ListSchedulesQuery,
  PreviewScheduleRequest,
  PutScheduleRequest,
  ScheduleJson,
  ScheduleWithRunsJson,
} from "@millrace/contract";

import type { CallOptions } from "./options.ts";
import { search } from "./search.ts";
import type { ApiRequest, Transport } from "./transport.ts";

export interface SchedulePage {
  readonly items: readonly ScheduleJson[];
  readonly nextCursor: string | null;
}

/** The schedules of the key's tenant. Every call can throw MillraceApiError. */
export interface SchedulesClient {
  /** One page, by name. */
  list(query?: ListSchedulesQuery, options?: CallOptions): Promise<SchedulePage>;
  /** Makes a schedule; ALREADY_EXISTS when its name is taken. */
  create(schedule: CreateScheduleRequest, options?: CallOptions): Promise<ScheduleJson>;
  /** The schedule with its next runs. */
  get(name: string, query?: GetScheduleQuery, options?: CallOptions): Promise<ScheduleWithRunsJson>;
  /** Makes or replaces a schedule; the same again changes nothing. */
  put(name: string, schedule: PutScheduleRequest, options?: CallOptions): Promise<ScheduleJson>;
  delete(name: string, options?: CallOptions): Promise<void>;
  /** Enqueues the schedule's job once, now. */
  run(name: string, options?: CallOptions): Promise<JobJson>;
  /** When a cron expression fires next, as RFC 3339 times; nothing is stored. */
  preview(request: PreviewScheduleRequest, options?: CallOptions): Promise<readonly string[]>;
}

/** The calls of `/v1/schedules`. */
export function createSchedulesClient(send: Transport): SchedulesClient {
  const call = async <Body>(request: ApiRequest, options?: CallOptions) => (await send(request, options)).body as Body;
  const all = "/v1/schedules";
  const path = (name: string) => `${all}/${encodeURIComponent(name)}`;
  return {
    list: (query = {}, options) => call({ method: "GET", path: all + search(query), repeatable: true }, options),
    create: (schedule, options) => call({ method: "POST", path: all, body: schedule, repeatable: false }, options),
    get: (name, query = {}, options) =>
      call({ method: "GET", path: path(name) + search(query), repeatable: true }, options),
    put: (name, schedule, options) =>
      call({ method: "PUT", path: path(name), body: schedule, repeatable: true }, options),
    async delete(name, options) {
      await call({ method: "DELETE", path: path(name), repeatable: false }, options);
    },
    run: (name, options) => call({ method: "POST", path: `${path(name)}/run`, repeatable: false }, options),
    async preview(request, options) {
      const sent = { method: "POST", path: `${all}/preview`, body: request, repeatable: true } as const;
      return (await call<{ readonly nextRuns: readonly string[] }>(sent, options)).nextRuns;
    },
  };
}
