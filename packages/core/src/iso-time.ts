const dayMs = 86_400_000;
/** "hh:mm:ss.sssZ", at the end of every ISO time. */
const clockCharacters = 13;
const digits2 = Array.from({ length: 60 }, (_, value) => String(value).padStart(2, "0"));
const digits3 = Array.from({ length: 1_000 }, (_, value) => String(value).padStart(3, "0"));

let day = Number.NaN;
let dayText = "";

/**
 * The time as `Date.toISOString` writes it, which takes most of what it costs to show a job: here the date of the last day that was asked
 * for is kept, and only the clock is worked out. @throws RangeError for an invalid date
 */
export function isoTime(time: Date): string {
  const ms = time.getTime();
  const ownDay = Math.floor(ms / dayMs);
  if (ownDay !== day) {
    dayText = time.toISOString().slice(0, -clockCharacters);
    day = ownDay;
  }
  const sinceMidnight = ms - ownDay * dayMs;
  const seconds = Math.floor(sinceMidnight / 1_000);
  const minutes = Math.floor(seconds / 60);
  return `${dayText}${digits2[Math.floor(minutes / 60)]}:${digits2[minutes % 60]}:${digits2[seconds % 60]}.${digits3[sinceMidnight % 1_000]}Z`;
}
