import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { cronProblem, readCron, timeZoneProblem } from "./cron.ts";

/** The moments that `cron` names after `from`, each as the wall clock of the zone shows it, with its offset. */
function runs(cron: string, timeZone: string, from: string, count: number): readonly string[] {
  return readCron(cron, timeZone)
    .next(count, new Date(from))
    .map((at) => wallClock(at, timeZone));
}

function wallClock(at: Date, timeZone: string): string {
  const { year, month, day, hour, minute, second, timeZoneName } = parts(at, timeZone);
  const seconds = second === "00" ? "" : `:${second}`;
  return `${year}-${month}-${day} ${hour}:${minute}${seconds} ${timeZoneName === "GMT" ? "+00:00" : timeZoneName?.slice(3)}`;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function parts(at: Date, timeZone: string): Readonly<Record<string, string>> {
  const format = formats.get(timeZone) ?? formatOf(timeZone);
  formats.set(timeZone, format);
  return Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat("en-GB", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    weekday: "short",
    timeZoneName: "longOffset",
  });
}

describe("a time of day that doesn't exist, since clocks go forward", () => {
  test.for([
    ["30 2 * * *", "America/New_York", "2026-03-07T12:00Z", ["2026-03-08 03:00 -04:00", "2026-03-09 02:30 -04:00"]],
    ["30 2 * * *", "Europe/Berlin", "2026-03-28T12:00Z", ["2026-03-29 03:00 +02:00", "2026-03-30 02:30 +02:00"]],
    ["15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00Z", ["2026-10-04 02:30 +11:00", "2026-10-05 02:15 +11:00"]],
    ["0 0 * * *", "America/Santiago", "2026-09-05T12:00Z", ["2026-09-06 01:00 -03:00", "2026-09-07 00:00 -03:00"]],
    ["30 2 * * *", "Asia/Kolkata", "2026-03-28T12:00Z", ["2026-03-29 02:30 +05:30", "2026-03-30 02:30 +05:30"]],
  ] as const)("is moved to the first one that does: %s in %s", ([cron, zone, from, expected]) => {
    expect(runs(cron, zone, from, 2)).toEqual(expected);
  });

  test("is not fired twice where the time that it is moved to is named as well", () => {
    expect(runs("0 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00Z", 3)).toEqual([
      "2026-03-29 03:00 +02:00",
      "2026-03-30 02:00 +02:00",
      "2026-03-30 03:00 +02:00",
    ]);
  });
});

describe("a time of day that comes twice, since clocks go back", () => {
  test.for([
    ["30 1 * * *", "America/New_York", "2026-10-31T12:00Z", ["2026-11-01 01:30 -04:00", "2026-11-02 01:30 -05:00"]],
    ["30 2 * * *", "Europe/Berlin", "2026-10-24T12:00Z", ["2026-10-25 02:30 +02:00", "2026-10-26 02:30 +01:00"]],
    ["45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00Z", ["2026-04-05 01:45 +11:00", "2026-04-06 01:45 +10:30"]],
    ["0 1,2 * * *", "Europe/Berlin", "2026-10-24T22:30Z", ["2026-10-25 01:00 +02:00", "2026-10-25 02:00 +02:00"]],
  ] as const)("fires once, the first time: %s in %s", ([cron, zone, from, expected]) => {
    expect(runs(cron, zone, from, 3).slice(0, 2)).toEqual(expected);
    expect(new Set(runs(cron, zone, from, 3).map((at) => at.slice(0, 16))).size).toBe(3);
  });

  test("has no second firing for who asks in between", () => {
    expect(runs("30 2 * * *", "Europe/Berlin", "2026-10-25T00:45Z", 1)).toEqual(["2026-10-26 02:30 +01:00"]);
  });
});

describe("an interval", () => {
  const gapsMs = (cron: string, zone: string, from: string, count: number) => {
    const found = readCron(cron, zone).next(count, new Date(from));
    return new Set(found.slice(1).map((at, i) => at.getTime() - (found[i]?.getTime() ?? 0)));
  };

  test.for([
    ["0 * * * *", "America/New_York", "2026-03-08T04:00Z", 3_600_000],
    ["0 * * * *", "America/New_York", "2026-11-01T03:00Z", 3_600_000],
    ["0 * * * *", "Europe/Berlin", "2026-10-24T22:00Z", 3_600_000],
    ["*/15 * * * *", "Australia/Lord_Howe", "2026-10-03T14:00Z", 900_000],
    ["*/15 * * * *", "Australia/Lord_Howe", "2026-04-04T13:00Z", 900_000],
    ["* * * * * *", "Europe/Berlin", "2026-10-25T00:59:30Z", 1_000],
    ["* * * * * *", "Europe/Berlin", "2026-03-29T00:59:30Z", 1_000],
    ["*/10 * * * * *", "Asia/Kolkata", "2026-03-29T00:59:30Z", 10_000],
  ] as const)("goes on in real time when clocks change: %s in %s from %s", ([cron, zone, from, everyMs]) => {
    expect(gapsMs(cron, zone, from, 60)).toEqual(new Set([everyMs]));
  });
});

describe("the calendar", () => {
  test("has a 29 February in leap years only", () => {
    expect(runs("0 0 29 2 *", "UTC", "2026-01-01T00:00Z", 2)).toEqual([
      "2028-02-29 00:00 +00:00",
      "2032-02-29 00:00 +00:00",
    ]);
    expect(runs("0 0 29 2 *", "UTC", "2097-01-01T00:00Z", 1)).toEqual(["2104-02-29 00:00 +00:00"]);
  });

  test("has a 31st in seven months, and an end in each", () => {
    const months = (cron: string) =>
      runs(cron, "Europe/Berlin", "2026-01-01T12:00Z", 8).map((at) => Number(at.slice(5, 7)));
    expect(months("0 0 31 * *")).toEqual([1, 3, 5, 7, 8, 10, 12, 1]);
    expect(months("0 0 L * *")).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("takes the day of the month or the day of the week, and both with +", () => {
    const days = (cron: string) => runs(cron, "UTC", "2026-06-01T12:00Z", 3).map((at) => at.slice(0, 10));
    expect(days("0 0 13 * FRI")).toEqual(["2026-06-05", "2026-06-12", "2026-06-13"]);
    expect(days("0 0 13 * +FRI")).toEqual(["2026-11-13", "2027-08-13", "2028-10-13"]);
  });

  test("knows names for the usual expressions", () => {
    expect(runs("@daily", "Europe/Berlin", "2026-06-01T12:00Z", 1)).toEqual(["2026-06-02 00:00 +02:00"]);
    expect(runs("@hourly", "UTC", "2026-06-01T12:00Z", 1)).toEqual(["2026-06-01 13:00 +00:00"]);
  });
});

describe("what is no cron expression", () => {
  test.for([
    "",
    "every day",
    "* * * *",
    "* * * * * * *",
    "0 0 1 1 * 2030",
    "60 * * * *",
    "* 24 * * *",
    "* * 0 * *",
    "*/0 * * * *",
    "*/70 * * * *",
    "5-1 * * * *",
    "@reboot",
    "@every 5s",
    "2030-01-01T00:00:00",
    "０ 0 * * *",
  ])("is refused with what is expected: %s", (cron) => {
    expect(cronProblem(cron)).toEqual({ code: "invalid_cron", message: expect.stringMatching(/^Give 5 fields.+\.$/) });
    expect(() => readCron(cron, "UTC")).toThrow(/./);
  });

  test.for([
    ["daily", "it has 1 field."],
    ["* * * *", "it has 4 fields."],
  ] as const)("is refused with the number of its fields: %s", ([cron, end]) => {
    expect(cronProblem(cron)?.message.endsWith(end)).toBe(true);
  });

  test.for(["0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "0 0 31 4 +MON"])("or never fires: %s", (cron) => {
    expect(cronProblem(cron)).toMatchObject({ code: "never_fires" });
  });
});

test("a time zone has an IANA name; an offset is none", () => {
  for (const zone of ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/Argentina/Ushuaia", "Etc/GMT+5"]) {
    expect(timeZoneProblem(zone)).toBeUndefined();
  }
  for (const zone of ["Mars/Base", "+02:00", "-0500", "Europe/Berlin ", "CEST+1"]) {
    expect([zone, timeZoneProblem(zone)]).toEqual([zone, expect.objectContaining({ code: "unknown_time_zone" })]);
  }
});

describe("for every expression, zone and time", { timeout: 60_000 }, () => {
  const zones = ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "Asia/Kolkata", "UTC"];
  const numbers = (min: number, max: number) =>
    fc.oneof(
      fc.constant("*"),
      fc.integer({ min: 2, max: Math.min(30, max) }).map((step) => `*/${step}`),
      fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 3 }).map((list) => list.join(",")),
    );
  // Days that every month has, so that all expressions fire.
  const expressions = fc
    .tuple(numbers(0, 59), numbers(0, 59), numbers(0, 23), numbers(1, 28), numbers(1, 12), numbers(0, 6))
    .map((fields) => fields.join(" "));
  // Around the changes of clocks, half of the time.
  const changes = [
    "2026-03-08T07:00Z",
    "2026-03-29T01:00Z",
    "2026-04-04T15:00Z",
    "2026-10-03T15:30Z",
    "2026-10-25T01:00Z",
    "2026-11-01T06:00Z",
    "2026-09-06T04:00Z",
  ];
  const times = fc.oneof(
    fc.date({ min: new Date("2020-01-01"), max: new Date("2040-01-01"), noInvalidDate: true }),
    fc
      .tuple(fc.constantFrom(...changes), fc.integer({ min: -7_200_000, max: 7_200_000 }))
      .map(([change, byMs]) => new Date(new Date(change).getTime() + byMs)),
  );

  test("next runs strictly increase, the last one is found back, and each matches the expression in the zone", () => {
    fc.assert(
      fc.property(expressions, fc.constantFrom(...zones), times, (cron, zone, from) => {
        const cronTimes = readCron(cron, zone);
        const found = cronTimes.next(5, from);
        expect(found).toHaveLength(5);
        let before = from;
        for (const at of found) {
          expect(at > before).toBe(true);
          expect(cronTimes.after(before)).toEqual(at);
          expect(cronTimes.upTo(at)).toEqual(at);
          expect(matches(cron, at, zone) || endsGap(at, zone)).toBe(true);
          before = at;
        }
        expect(cronTimes.upTo(new Date(before.getTime() + 999))).toEqual(before);
      }),
      { numRuns: 200, seed: 20_260_329 },
    );
  });

  test("an interval names every minute that matches, and no other, also while clocks change", () => {
    const minuteMs = 60_000;
    const intervals = fc.oneof(
      fc.tuple(fc.constantFrom("*", "*/2", "*/15", "*/25"), numbers(0, 23)),
      fc.tuple(numbers(0, 59), fc.constantFrom("*", "*/2", "*/5")),
    );
    fc.assert(
      fc.property(intervals, fc.constantFrom(...zones), times, ([minute, hour], zone, time) => {
        const from = new Date(Math.floor(time.getTime() / minuteMs) * minuteMs);
        const cron = `${minute} ${hour} * * *`;
        const minutes = Array.from({ length: 100 }, (_, i) => new Date(from.getTime() + (i + 1) * minuteMs));
        const until = minutes.at(-1) ?? from;
        const found = readCron(cron, zone)
          .next(minutes.length, from)
          .filter((at) => at <= until);
        expect(found).toEqual(minutes.filter((at) => matches(`0 ${cron}`, at, zone)));
      }),
      { numRuns: 60, seed: 20_261_101 },
    );
  });

  /** Read by the fields, without the library. */
  function matches(cron: string, at: Date, zone: string): boolean {
    const [second, minute, hour, day, month, weekday] = cron.split(" ");
    const shown = parts(at, zone);
    const number = (name: string) => Number(shown[name]);
    const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const inDay = isIn(day, number("day"), 1);
    const inWeek = isIn(weekday, weekdays.indexOf(shown["weekday"] ?? ""), 0);
    return (
      isIn(second, number("second"), 0) &&
      isIn(minute, number("minute"), 0) &&
      isIn(hour, number("hour"), 0) &&
      isIn(month, number("month"), 1) &&
      (day === "*" || weekday === "*" ? inDay && inWeek : inDay || inWeek)
    );
  }

  function isIn(field: string | undefined, value: number, first: number): boolean {
    if (field === undefined || field === "*") return true;
    if (field.startsWith("*/")) return (value - first) % Number(field.slice(2)) === 0;
    return field.split(",").map(Number).includes(value);
  }

  /** The moment right after clocks went forward, where what the gap swallowed is moved to. */
  function endsGap(at: Date, zone: string): boolean {
    const offset = (time: number) => parts(new Date(time), zone)["timeZoneName"];
    return offset(at.getTime()) !== offset(at.getTime() - 1_000);
  }
});
