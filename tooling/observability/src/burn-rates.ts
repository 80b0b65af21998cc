import type { Alert } from "./alert.ts";
import type { Objective } from "./objectives.ts";

interface BurnRate {
  /** How many times faster than allowed the budget of 30 days is used up. */
  readonly factor: number;
  readonly long: string;
  /** A twelfth of it: the alert ends soon after its cause. */
  readonly short: string;
  readonly holds: string;
  readonly severity: Alert["severity"];
}

/** Of the budget, 2 % in an hour and 5 % in six are worth waking somebody for; 10 % in a day or in three are not. */
const burnRates: readonly BurnRate[] = [
  { factor: 14.4, long: "1h", short: "5m", holds: "2m", severity: "page" },
  { factor: 6, long: "6h", short: "30m", holds: "15m", severity: "page" },
  { factor: 3, long: "1d", short: "2h", holds: "1h", severity: "ticket" },
  { factor: 1, long: "3d", short: "6h", holds: "3h", severity: "ticket" },
];

const windows = [...new Set(burnRates.flatMap(({ short, long }) => [short, long]))];

/** A series that is computed once and read by several alerts. */
export interface Recording {
  readonly record: string;
  readonly expression: string;
}

const recordOf = ({ name }: Objective, window: string): string => `millrace:${name}:bad_share_${window}`;

/** The share of bad requests over each window that the alerts look at. */
export function recordingsOf(objective: Objective): readonly Recording[] {
  return windows.map((window) => ({ record: recordOf(objective, window), expression: objective.badShare(window) }));
}

/** Alerts on how fast an objective's budget burns, each over two windows. */
export function alertsOf(objective: Objective): readonly Alert[] {
  const { name, target, promise, runbook } = objective;
  const pascal = name.replaceAll(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase());
  const budget = Number((1 - target).toFixed(6));
  return burnRates.map(({ factor, long, short, holds, severity }) => ({
    name: `${pascal}Burns${long}`,
    expression: [long, short].map((window) => `${recordOf(objective, window)} > ${factor} * ${budget}`).join(" and "),
    holds,
    severity,
    summary: `Over ${long} the error budget burns ${factor} times too fast: ${promise}.`,
    runbook,
  }));
}
