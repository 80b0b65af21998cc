import type { MigrationStatus, Status } from "@millrace/storage/migrate";

const headings = ["version", "name", "state", "started", "took", "by"] as const;

/** The status as an aligned table, with a line for each problem below it. */
export function formatStatus({ migrations, problems }: Status): string {
  const rows = [headings, ...migrations.map(toRow)];
  const widths = headings.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const table = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return `${[...table, ...problems.map(({ message }) => message)].join("\n")}\n`;
}

function toRow({ version, name, state, startedAt, durationMs, appliedBy }: MigrationStatus): readonly string[] {
  return [
    String(version).padStart(4, "0"),
    name,
    state,
    startedAt?.toISOString() ?? "-",
    durationMs === undefined ? "-" : `${durationMs} ms`,
    appliedBy ?? "-",
  ];
}
