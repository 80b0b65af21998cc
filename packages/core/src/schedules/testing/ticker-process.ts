import { createDatabase, createPostgresScheduleStore, type ScheduleStore } from "@millrace/storage";
import { silentLogger } from "@millrace/telemetry";

import { createTicker } from "../ticker.ts";

// A ticker as a process of its own: `DATABASE_URL` says where, `FREEZE_BEFORE_TICK` before which of its firings it stops itself, with what it
// has read in its hands, until it is sent SIGCONT. It ends with its parent.
const url = process.env["DATABASE_URL"] ?? "";
const freezeBefore = Number(process.env["FREEZE_BEFORE_TICK"] ?? Number.NaN);
process.channel?.unref();
process.once("disconnect", () => process.kill(process.pid, "SIGKILL"));

const db = createDatabase({ url, applicationName: "ticker" });
const schedules = createPostgresScheduleStore(db);
let tries = 0;

const freezing: ScheduleStore = {
  ...schedules,
  async fireSchedule(firing) {
    tries++;
    if (tries === freezeBefore) {
      process.send?.({ event: "freezing", tick: firing.schedule.nextAt });
      process.kill(process.pid, "SIGSTOP");
      // The signal is delivered before this is reached; the process goes on here once it is continued.
      const ids = await schedules.fireSchedule(firing);
      process.send?.({ event: "thawed", fired: ids?.length ?? null });
      return ids;
    }
    return schedules.fireSchedule(firing);
  },
};

createTicker({ schedules: freezing, logger: silentLogger });
process.send?.({ event: "started" });
