import { keys, valueAt } from "./keys.ts";
import type { LoadedConfig } from "./load.ts";

/** The effective configuration with the source of every value and secrets redacted: aligned lines, or a JSON document. */
export function printConfig(loaded: LoadedConfig, format: "table" | "json" = "table"): string {
  const { profile, warnings } = loaded;
  const rows = keys.flatMap(({ name, show, secret }) => {
    const source = loaded.sources[name];
    if (source === undefined) return [];
    const value = valueAt(loaded.config, name);
    const shown = show(value);
    return [{ name, shown, value: secret && value !== undefined ? shown : value, source: source.label }];
  });
  if (format === "json") {
    const values = Object.fromEntries(rows.map(({ name, value, source }) => [name, { value: value ?? null, source }]));
    return JSON.stringify({ profile, values, warnings }, null, 2);
  }
  const nameWidth = Math.max(...rows.map(({ name }) => name.length));
  const valueWidth = Math.min(48, Math.max(...rows.map(({ shown }) => shown.length)));
  return rows
    .map(({ name, shown, source }) => `${name.padEnd(nameWidth)}  ${(shown || "-").padEnd(valueWidth)}  ${source}`)
    .join("\n");
}
