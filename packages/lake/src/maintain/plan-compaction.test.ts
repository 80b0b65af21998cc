import { array, assert, nat, property } from "fast-check";
import { describe, expect, test } from "vitest";

import { planCompaction } from "./plan-compaction.ts";

const kibibyte = 1_024;
const mebibyte = 1_024 * kibibyte;
const settings = {
  filesMax: 100,
  inputsMax: 64,
  smallestTierBytes: mebibyte,
  tierRatio: 8,
  targetBytes: 256 * mebibyte,
};

const filesOf = (sizes: readonly number[]) =>
  sizes.map((fileBytes, index) => ({ fileId: index + 1, fileBytes, minOffset: index * 10 }));

/** Compacts until there is nothing left to do; answers the sizes, the merges and the bytes that they wrote. */
function settle(sizes: readonly number[]) {
  let files = filesOf(sizes);
  let merges = 0;
  let written = 0;
  for (;;) {
    const inputs = planCompaction(files, settings);
    if (inputs === undefined) return { sizes: files.map(({ fileBytes }) => fileBytes), merges, written };
    const fileBytes = inputs.reduce((sum, file) => sum + file.fileBytes, 0);
    const merged = {
      fileId: 1_000_000 + merges,
      fileBytes,
      minOffset: Math.min(...inputs.map((one) => one.minOffset)),
    };
    files = [...files.filter((file) => !inputs.includes(file)), merged];
    merges++;
    written += fileBytes;
  }
}

describe("which files are merged", () => {
  test("few or large ones are left as they are", () => {
    expect(planCompaction([], settings)).toBeUndefined();
    expect(planCompaction(filesOf(Array<number>(7).fill(kibibyte)), settings)).toBeUndefined();
    expect(planCompaction(filesOf(Array<number>(50).fill(300 * mebibyte)), settings)).toBeUndefined();
  });

  test("the smallest neighbours of a long run, so that what was merged just now isn't merged again", () => {
    const files = filesOf([300 * kibibyte, ...Array<number>(70).fill(kibibyte)]);
    expect(planCompaction(files, settings)).toEqual(files.slice(1, 65));
  });

  test("a large file parts its neighbours, which are merged on their own", () => {
    const files = filesOf([...Array<number>(5).fill(kibibyte), 100 * mebibyte, ...Array<number>(9).fill(kibibyte)]);
    expect(planCompaction(files, settings)).toEqual(files.slice(6));
  });

  test("together they are no more than the target, and two are enough where they come near it", () => {
    const files = filesOf(Array<number>(8).fill(90 * mebibyte));
    expect(planCompaction(files, settings)).toHaveLength(2);
  });

  test("a table with too many files has any two merged", () => {
    const sizes = Array.from({ length: 101 }, (_, index) => (index % 3 === 2 ? 300 * mebibyte : kibibyte));
    expect(planCompaction(filesOf(sizes), settings)).toHaveLength(2);
  });

  test("a thousand small files become a handful, and each byte is written a few times", () => {
    const { sizes, written } = settle(Array<number>(1_000).fill(4 * kibibyte));
    expect(sizes.length).toBeLessThan(16);
    expect(written).toBeLessThan(3 * 1_000 * 4 * kibibyte);
  });

  test("inputs are neighbours below the target whatever there is, and it ends", () => {
    const anySizes = array(nat({ max: 300 * mebibyte }), { maxLength: 300 });
    assert(
      property(anySizes, (sizes) => {
        const files = filesOf(sizes);
        const inputs = planCompaction(files, settings);
        if (inputs !== undefined) {
          const at = files.indexOf(inputs[0]!);
          expect(inputs).toEqual(files.slice(at, at + inputs.length));
          expect(inputs.length).toBeGreaterThan(1);
          expect(inputs.length).toBeLessThanOrEqual(64);
          expect(inputs.reduce((sum, file) => sum + file.fileBytes, 0)).toBeLessThanOrEqual(256 * mebibyte);
        }
        settle(sizes);
      }),
      { numRuns: 100 },
    );
  });
});
