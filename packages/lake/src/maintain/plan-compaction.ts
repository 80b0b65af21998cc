import type { LakeFile } from "@millrace/storage";

/** The section `lake.compaction` of the configuration. */
export interface CompactionSettings {
  /** Live files of a table that compaction aims to stay below. */
  readonly filesMax: number;
  /** Files that are merged at once at most. */
  readonly inputsMax: number;
  /** Files below it are of the lowest tier. */
  readonly smallestTierBytes: number;
  /** How much larger the files of the next tier are, and how many of a tier are merged at least. */
  readonly tierRatio: number;
  /** Files from this size on are left as they are, and no merge has more. */
  readonly targetBytes: number;
}

type SizedFile = Pick<LakeFile, "fileId" | "fileBytes" | "minOffset">;

/**
 * Which live files of a table to merge next; undefined when it is well as it is. Files are neighbours in the order of offsets and of one tier or lower
 * ones, so that a row is written again about once a tier. Of a long run it takes the smallest neighbours: what was merged just now is left in peace.
 * A table with more than `filesMax` files takes any two.
 */
export function planCompaction<File extends SizedFile>(
  files: readonly File[],
  settings: CompactionSettings,
): readonly File[] | undefined {
  const { filesMax, inputsMax, tierRatio, targetBytes } = settings;
  const inOrder = files.toSorted((a, b) => a.minOffset - b.minOffset || a.fileId - b.fileId);
  const inputsMin = files.length > filesMax ? 2 : Math.min(tierRatio, inputsMax);
  const tiers = inOrder.map(({ fileBytes }) => tierOf(fileBytes, settings));
  const tierMax = Math.max(-1, ...tiers.filter(Number.isFinite));
  for (let tier = 0; tier <= tierMax; tier++) {
    const windows = runsUpTo(inOrder, tiers, tier)
      .filter((run) => run.length >= inputsMin)
      .map((run) => fit(smallestWindow(run, inputsMax), targetBytes))
      .filter((window) => window.length >= inputsMin || (window.length > 1 && bytesOf(window) * 2 >= targetBytes));
    const [best] = windows.toSorted((a, b) => b.length - a.length || bytesOf(a) - bytesOf(b));
    if (best !== undefined) return best;
  }
  return undefined;
}

function tierOf(fileBytes: number, { smallestTierBytes, tierRatio, targetBytes }: CompactionSettings): number {
  if (fileBytes >= targetBytes) return Number.POSITIVE_INFINITY;
  let tier = 0;
  for (let limit = smallestTierBytes; fileBytes >= limit; limit *= tierRatio) tier++;
  return tier;
}

/** Neighbours without one of a higher tier between them. */
function runsUpTo<File>(files: readonly File[], tiers: readonly number[], tier: number): readonly (readonly File[])[] {
  const runs: File[][] = [[]];
  for (const [index, file] of files.entries()) {
    if ((tiers[index] ?? 0) <= tier) runs.at(-1)?.push(file);
    else runs.push([]);
  }
  return runs;
}

/** As many neighbours as may be merged at once, where they are smallest; the oldest of several. */
function smallestWindow<File extends SizedFile>(run: readonly File[], length: number): readonly File[] {
  let bytes = bytesOf(run.slice(0, length));
  let best = { start: 0, bytes };
  for (let start = 1; start + length <= run.length; start++) {
    bytes += (run[start + length - 1]?.fileBytes ?? 0) - (run[start - 1]?.fileBytes ?? 0);
    if (bytes < best.bytes) best = { start, bytes };
  }
  return run.slice(best.start, best.start + length);
}

/** Leaves out the larger end until the rest is within the limit. */
function fit<File extends SizedFile>(window: readonly File[], bytesMax: number): readonly File[] {
  let [from, to] = [0, window.length];
  let bytes = bytesOf(window);
  while (to - from > 1 && bytes > bytesMax) {
    const [first, last] = [window[from]?.fileBytes ?? 0, window[to - 1]?.fileBytes ?? 0];
    if (first >= last) from++;
    else to--;
    bytes -= Math.max(first, last);
  }
  return window.slice(from, to);
}

function bytesOf(files: readonly SizedFile[]): number {
  return files.reduce((sum, { fileBytes }) => sum + fileBytes, 0);
}
