import { MigrationError } from "./error.ts";

export type MigrationMode = "transaction" | "no-transaction";

/** What a migration file says about itself in its `-- millrace:` lines. */
export interface Markers {
  readonly mode: MigrationMode;
  /** Overrides the runner's statement timeout. */
  readonly statementTimeoutMs: number | undefined;
  /** Why running this loses data. */
  readonly lossy: string | undefined;
  /** Why this can't be run at all: there is no way back. */
  readonly irreversible: string | undefined;
}

const unitMs = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000 } as const;

/** Reads the `-- millrace:` lines of a migration's SQL; `where` names it in the error for a marker that isn't one. */
export function readMarkers(sql: string, where: string): Markers {
  const found = new Map<string, string>();
  for (const [, marker = "", value = ""] of sql.matchAll(/^-- millrace:(\S+)[^\S\n]*(.*)$/gm)) {
    found.set(marker, value.trim());
  }
  const take = (marker: string): string | undefined => {
    const value = found.get(marker);
    found.delete(marker);
    return value;
  };
  const noTransaction = take("no-transaction");
  const timeout = take("statement-timeout");
  const markers: Markers = {
    mode: noTransaction === undefined ? "transaction" : "no-transaction",
    statementTimeoutMs: timeout === undefined ? undefined : durationMs(timeout, where),
    lossy: take("lossy"),
    irreversible: take("irreversible"),
  };
  if (markers.lossy === "" || markers.irreversible === "") {
    throw new MigrationError("invalid", `${where}: the lossy and irreversible markers need a reason after them.`);
  }
  for (const marker of found.keys()) {
    throw new MigrationError("invalid", `${where}: there is no marker "millrace:${marker}".`);
  }
  return markers;
}

function durationMs(text: string, where: string): number {
  const match = /^(\d+)(ms|s|min|h)$/.exec(text);
  const unit = match?.[2];
  if (match === null || unit === undefined || !(unit in unitMs)) {
    throw new MigrationError("invalid", `${where}: a statement timeout reads like 30s, 20min or 2h, not "${text}".`);
  }
  return Number(match[1]) * unitMs[unit as keyof typeof unitMs];
}
