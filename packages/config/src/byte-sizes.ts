const unitsBytes = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;

/** How a size is written: whole bytes, or a whole number with a binary unit. */
export const byteSizePattern = /^(\d+)(B|KiB|MiB|GiB)?$/;

/** Bytes of `4096`, `64KiB`, `1MiB` or `2GiB`; undefined for anything else (`1MB` says two things, so it is refused). */
export function parseByteSize(text: string): number | undefined {
  const match = byteSizePattern.exec(text);
  if (match === null) return undefined;
  const bytes = Number(match[1]) * unitsBytes[(match[2] ?? "B") as keyof typeof unitsBytes];
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** The shortest exact way to write a number of bytes: `1048576` is `1MiB`. */
export function formatByteSize(bytes: number): string {
  if (bytes === 0) return "0";
  const unit = (["GiB", "MiB", "KiB"] as const).find((candidate) => bytes % unitsBytes[candidate] === 0);
  return unit === undefined ? `${bytes}B` : `${bytes / unitsBytes[unit]}${unit}`;
}
