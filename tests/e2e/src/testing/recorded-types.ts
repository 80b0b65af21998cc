/** The types that `recorded-jobs.ts` handles, for those who enqueue them without loading their handlers. */
export const recordedTypes = ["e2e.one", "e2e.two", "e2e.three"] as const;
