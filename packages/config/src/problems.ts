/** The exit code of a process whose configuration is wrong (EX_CONFIG of sysexits). */
export const configExitCode = 78;

/** One thing that is wrong with the configuration. None of its fields ever holds a secret. */
export interface Problem {
  /** Dotted key, or the name of a variable. */
  readonly name: string;
  /** Where the value came from: a variable, `file:line:column`, a flag, `default`. */
  readonly source: string;
  /** What was found, as it may be shown. */
  readonly got?: string;
  readonly expected: string;
  /** What to do about it. */
  readonly hint?: string;
}

/** Thrown by `loadConfig` with every problem at once. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(`The configuration has ${problems.length === 1 ? "1 problem" : `${problems.length} problems`}`);
    this.problems = problems;
  }
}

/** One line for each problem, for standard error. */
export function formatProblems(error: ConfigError): string {
  return error.problems.map(formatProblem).join("\n");
}

function formatProblem(problem: Problem): string {
  const got = problem.got === undefined ? "" : `, got ${problem.got}`;
  const hint = problem.hint === undefined ? "" : `; ${problem.hint}`;
  return oneLine(`${problem.name} (${problem.source}): expected ${problem.expected}${got}${hint}`);
}

/** Names come from a file that anybody may have written: nothing in them may start a line or steer a terminal. */
function oneLine(line: string): string {
  return line.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}
