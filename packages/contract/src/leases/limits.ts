/** Bounds of the lease protocol; those of results and progress are in `limits`. */
export const leaseLimits = {
  itemsMax: 1_000,
  queuesMax: 100,
  typesMax: 500,
  leaseMsMin: 1_000,
  leaseMsMax: 3_600_000,
  leaseMsDefault: 30_000,
  workerCharactersMax: 255,
  tokenCharactersMax: 255,
} as const;
