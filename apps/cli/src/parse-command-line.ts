import { parseArgs, type ParseArgsConfig, stripVTControlCharacters } from "node:util";

import { type CommandDef, renderUsage } from "citty";

import { type Args, type Command, commands, type Flags, type Run } from "./commands.ts";
import { didYouMean } from "./suggest.ts";
import { UsageError } from "./usage-error.ts";

/** What the command line asks for: to be told something, or to run something. */
export type Asked = { readonly text: string } | { readonly run: Run };

/** Reads the command line, from the program's name on. @throws UsageError */
export async function parseCommandLine(argv: readonly string[], version: string): Promise<Asked> {
  if (argv[0] === "--version" || argv[0] === "-v") return { text: version };
  const root: Command = { description: "Durable jobs and fresh events on the PostgreSQL you already run", commands };
  return walk(["millrace"], root, argv[0] === "help" ? ["--help"] : argv);
}

async function walk(path: readonly string[], command: Command, argv: readonly string[]): Promise<Asked> {
  const name = path.join(" ");
  if ("forward" in command) return { run: command.forward(argv) };
  if ("commands" in command) {
    const [first, ...rest] = argv;
    if (first === undefined || isHelp(first)) return { text: await usageOf(path, command) };
    const inner = Object.hasOwn(command.commands, first) ? command.commands[first] : undefined;
    if (inner !== undefined) return walk([...path, first], inner, rest);
    const kind = first.startsWith("-") ? "flag" : "command";
    const hint = didYouMean(first, kind === "flag" ? ["--help", "--version"] : Object.keys(command.commands));
    throw new UsageError(`There is no ${kind} ${first}${hint || "."}`, name);
  }
  if (argv.some(isHelp)) return { text: await usageOf(path, command) };
  return { run: command.prepare(readFlags(command.args, argv, name)) };
}

function isHelp(arg: string): boolean {
  return arg === "--help" || arg === "-h";
}

/** Strict, unlike citty's own parser: a mistyped flag must not be passed over. */
function readFlags(definitions: Args, argv: readonly string[], command: string): Flags {
  const options: NonNullable<ParseArgsConfig["options"]> = {};
  const word = Object.keys(definitions).find((name) => definitions[name]?.type === "positional");
  for (const [name, { type }] of Object.entries(definitions)) {
    if (name !== word) options[name] = { type: type === "boolean" ? "boolean" : "string" };
  }
  // pnpm hands the `--` of `pnpm start -- --port 9000` on.
  const args = argv[0] === "--" ? argv.slice(1) : argv;
  const { tokens } = parseArgs({ args, options, strict: false, tokens: true });
  const flags: Record<string, string | true | readonly string[]> = {};
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      if (word === undefined || flags[word] !== undefined) {
        throw new UsageError(`"${token.value}" is one word too many.`, command);
      }
      flags[word] = token.value;
      continue;
    }
    const { name, rawName, value, inlineValue = false } = token;
    if (!Object.hasOwn(options, name)) {
      const known = Object.keys(options).map((each) => `--${each}`);
      throw new UsageError(`There is no flag ${rawName}${didYouMean(rawName, known) || "."}`, command);
    }
    const takesValue = options[name]?.type === "string";
    if (!takesValue && value !== undefined) throw new UsageError(`${rawName} takes no value.`, command);
    // What looks like the next flag is one, unless it was written with `=`.
    if (takesValue && (value === undefined || value === "" || (!inlineValue && value.startsWith("-")))) {
      throw new UsageError(`${rawName} needs a value.`, command);
    }
    const before = flags[name];
    const list = typeof before === "object" ? before : [];
    flags[name] = definitions[name]?.repeated === true ? [...list, value ?? ""] : (value ?? true);
  }
  for (const [name, { required }] of Object.entries(definitions)) {
    if (required !== true || flags[name] !== undefined) continue;
    throw new UsageError(name === word ? `<${name}> is needed.` : `--${name} is needed.`, command);
  }
  return flags;
}

/** Without colours: the output may go anywhere, and citty asks the environment of its first import only. */
async function usageOf(path: readonly string[], command: Command): Promise<string> {
  const parent = path.length > 1 ? { meta: { name: path.slice(0, -1).join(" ") } } : undefined;
  const usage = await renderUsage(definitionOf(path.at(-1) ?? "", command), parent);
  return stripVTControlCharacters(usage).replaceAll(/ +$/gm, "").trimEnd();
}

function definitionOf(name: string, command: Command): CommandDef {
  const meta = { name, description: command.description };
  if ("commands" in command) {
    const inner = Object.entries(command.commands).map(([key, each]) => [key, definitionOf(key, each)] as const);
    return { meta, subCommands: Object.fromEntries(inner) };
  }
  return "args" in command ? { meta, args: { ...command.args } } : { meta };
}
