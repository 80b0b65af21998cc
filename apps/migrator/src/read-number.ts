import { UsageError } from "./usage-error.ts";

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

/** The version that `--to` names. @throws UsageError */
export function readVersion(flag: string | boolean | undefined): number {
  if (typeof flag === "string" && /^\d{1,9}$/.test(flag)) return Number(flag);
  throw new UsageError(
    flag === undefined ? "--to is missing." : `--to takes the number of a migration, not "${flag}".`,
  );
}

/** The milliseconds that `--lock-wait` names. @throws UsageError */
export function readDuration(flag: string | boolean | undefined): number {
  const [, count, unit = "ms"] = /^(\d{1,6})(ms|s|m)?$/.exec(String(flag)) ?? [];
  if (count === undefined) throw new UsageError(`--lock-wait takes a time like 500ms, 30s or 5m, not "${flag}".`);
  return Number(count) * (unitMs[unit] ?? 1);
}
