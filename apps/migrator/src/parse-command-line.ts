import { parseArgs, stripVTControlCharacters, type ParseArgsConfig } from "node:util";

import { renderUsage, type ArgsDef, type CommandDef } from "citty";

import { commands, type Flags, type MigratorCommand } from "./commands.ts";
import { UsageError } from "./usage-error.ts";

/** What the command line asks for: to be told how, or to run something. */
export type Asked = { readonly usage: string } | { readonly run: ReturnType<MigratorCommand["prepare"]> };

/** Reads the command line; without a command it is `up`, what a container that runs once is for. @throws UsageError */
export async function parseCommandLine(argv: readonly string[], program: string): Promise<Asked> {
  const [first = "up", ...others] = argv;
  const isFlag = first.startsWith("-");
  if (first === "help" || (isFlag && isHelp(argv))) return usageOf(definitionOfAll(program));
  const name = isFlag ? "up" : first;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    throw new UsageError(`There is no command "${name}"; there are ${Object.keys(commands).join(", ")}.`);
  }
  const rest = isFlag ? argv : others;
  if (isHelp(rest)) return usageOf(definitionOf(name, command), definitionOfAll(program));
  return { run: command.prepare(readFlags(command.args, rest)) };
}

/** Without colours: the output may go anywhere, and citty asks the environment of its first import only. */
async function usageOf(command: CommandDef, parent?: CommandDef): Promise<Asked> {
  return {
    usage: stripVTControlCharacters(await renderUsage(command, parent))
      .replaceAll(/ +$/gm, "")
      .trimEnd(),
  };
}

function isHelp(args: readonly string[]): boolean {
  return args.some((arg) => arg === "--help" || arg === "-h");
}

/** Strict, unlike citty's own parser: a mistyped `--too 3` must not migrate to the end. */
function readFlags(definitions: ArgsDef, args: readonly string[]): Flags {
  const options: ParseArgsConfig["options"] = {};
  for (const [name, { type, default: fallback }] of Object.entries(definitions)) {
    options[name] =
      type === "boolean" ? { type } : { type: "string", ...(typeof fallback === "string" && { default: fallback }) };
  }
  try {
    return parseArgs({ args, options, strict: true }).values as Flags;
  } catch (error) {
    const [sentence = ""] = String(error instanceof Error ? error.message : error).split(". ");
    throw new UsageError(`${sentence.replace(/\.$/, "")}.`, { cause: error });
  }
}

function definitionOf(name: string, { description, args }: MigratorCommand): CommandDef {
  return { meta: { name, description }, args };
}

function definitionOfAll(program: string): CommandDef {
  return {
    meta: { name: program, description: "Migrations of Millrace's database; without a command it is up" },
    subCommands: Object.fromEntries(
      Object.entries(commands).map(([name, command]) => [name, definitionOf(name, command)]),
    ),
  };
}
