const sane = /^[\w.-]{1,100}$/;

/** What `error.type` says of an error: its code where it has one, else its name, else `_OTHER`, the conventions' word for neither. */
export function errorType(error: unknown): string {
  if (!(error instanceof Error)) return "_OTHER";
  const code = "code" in error ? error.code : undefined;
  return [code, error.name].find((word): word is string => typeof word === "string" && sane.test(word)) ?? "_OTHER";
}
