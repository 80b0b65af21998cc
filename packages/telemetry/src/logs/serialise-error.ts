import { cleanText, redacted, textCharactersMax } from "./clean-text.ts";

/** An error as a log shows it. Vendor extras (a row's values, a request, a query's text) are left out on purpose. */
export interface SerialisedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: SerialisedError;
  readonly errors?: readonly SerialisedError[];
}

const framesMax = 20;
const causesMax = 4;
const siblingsMax = 4;

/** Type, message, code, stack (20 frames) and causes (4 deep) of an error; anything else that was thrown is described, not dumped. */
export function serialiseError(error: unknown, depth = 0): SerialisedError {
  if (!(error instanceof Error)) {
    return { type: typeof error, message: typeof error === "string" ? cleanText(error) : redacted };
  }
  const code = codeOf(error);
  const stack = framesOf(error);
  const deeper = depth < causesMax;
  return {
    type: cleanText(error.name),
    message: cleanText(withoutData(error, code)),
    ...(code === undefined ? {} : { code }),
    ...(stack === "" ? {} : { stack }),
    ...(error.cause === undefined || !deeper ? {} : { cause: serialiseError(error.cause, depth + 1) }),
    ...(error instanceof AggregateError && deeper
      ? { errors: error.errors.slice(0, siblingsMax).map((each) => serialiseError(each, depth + 1)) }
      : {}),
  };
}

function codeOf(error: Error): string | undefined {
  const { code } = error as { readonly code?: unknown };
  return typeof code === "string" || typeof code === "number" ? cleanText(String(code)) : undefined;
}

/** Some well-known messages quote the data that they complain of: JSON.parse, PostgreSQL's class 22 and fetch's headers. */
function withoutData(error: Error, code: string | undefined): string {
  const { message } = error;
  if (error.name === "SyntaxError" && message.includes("JSON")) return message.replace(/(['"`.]).*['"`.]/s, redacted);
  if (code !== undefined && /^22[0-9A-Z]{3}$/.test(code)) return message.replace(/".*"/s, `"${redacted}"`);
  if (message.includes("invalid header value")) return message.replace(/".*"/s, `"${redacted}"`);
  return message;
}

/** The frames only: the head of a stack repeats the message, uncleaned. */
function framesOf(error: Error): string {
  const { message, stack = "" } = error;
  const head = stack.indexOf(message);
  return (head < 0 ? stack : stack.slice(head + message.length))
    .slice(0, textCharactersMax)
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .slice(0, framesMax)
    .map((line) => cleanText(line.trim()))
    .join("\n");
}
