import type { Cost } from "../meter.ts";

/** What was measured, by name; units last. */
export type Values = Readonly<Record<string, number>>;

/** A cost for each of `jobs`. */
export function perJob({ serverMicros, clientMicros, otherShare }: Cost, jobs: number): Values {
  if (serverMicros === undefined || clientMicros === undefined || otherShare === undefined) return {};
  return {
    serverMicros: serverMicros / jobs,
    clientMicros: clientMicros / jobs,
    cpuMicros: (serverMicros + clientMicros) / jobs,
    otherShare,
  };
}
