/** Waits for `done`, but no longer than `ms`. @throws what `done` rejects with in time */
export async function within(ms: number, done: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, ms);
  try {
    await Promise.race([done, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
