import type { Database } from "../database.ts";
import { scheduleChannel } from "./columns.ts";
import { deleteSchedule } from "./delete.ts";
import { dueSchedules } from "./due.ts";
import { findSchedule } from "./find.ts";
import { fireSchedule } from "./fire.ts";
import { insertSchedule } from "./insert.ts";
import { listSchedules } from "./list.ts";
import { pauseSchedule } from "./pause.ts";
import { postponeSchedule } from "./postpone.ts";
import { replaceSchedule } from "./replace.ts";
import type { ScheduleStore } from "./schedule-store.ts";

/** The schedules in PostgreSQL; the database stays its owner's. */
export function createPostgresScheduleStore(db: Database): ScheduleStore {
  return {
    findSchedule: (ref) => findSchedule(db, ref),
    createSchedule: (schedule) => insertSchedule(db, schedule),
    replaceSchedule: (read, schedule) => replaceSchedule(db, read, schedule),
    deleteSchedule: (ref, queues) => deleteSchedule(db, ref, queues),
    listSchedules: (filter) => listSchedules(db, filter),
    dueSchedules: (limit) => dueSchedules(db, limit),
    fireSchedule: (firing) => fireSchedule(db, firing),
    postponeSchedule: (schedule, delayMs, error) => postponeSchedule(db, schedule, delayMs, error),
    pauseSchedule: (schedule, error) => pauseSchedule(db, schedule, error),
    watchSchedules: (onChange, onState) => db.listen(scheduleChannel, onChange, onState),
  };
}
