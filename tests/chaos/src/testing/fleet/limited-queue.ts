/** The queue with limits, some of whose jobs have a concurrency key. */
export const limitedQueue = "limited";
