import { LineCounter, type Node, type Pair, type YAMLMap, isAlias, isMap, isNode, isScalar, parseDocument } from "yaml";

/** Aliases that one value may expand to; more is an attack, or a mistake that would fill the memory. */
const aliasesMax = 100;

/** Faults of one file that are worth reporting. */
const faultsMax = 10;

export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface YamlFault extends Position {
  /** What should have been there. It never quotes the file, which may hold secrets. */
  readonly expected: string;
}

/** One entry of a mapping: its key with its place, and what is below it. */
export interface YamlEntry {
  readonly key: string;
  readonly at: Position;
  readonly valueAt: Position;
  /** The entries of a mapping; undefined for any other value. */
  entries(): readonly YamlEntry[] | undefined;
  /** The plain value; throws a RangeError where its aliases expand too far, or name no anchor. */
  value(): unknown;
}

export interface YamlFile {
  readonly faults: readonly YamlFault[];
  /** The top level's entries: none where the file is empty, undefined where it isn't a mapping or is broken. */
  readonly entries: readonly YamlEntry[] | undefined;
}

/** Reads YAML 1.2 with the place of every key. Repeated keys and custom tags are faults; nothing is expanded before it is asked for. */
export function parseYaml(source: string): YamlFile {
  const lines = new LineCounter();
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const faults = firstOfEachLine(
    [...document.errors, ...document.warnings].map(({ code, pos }) => {
      const { line, column } = position(pos[0]);
      return { line, column, expected: expectations[code] ?? `valid YAML (${code})` };
    }),
  );
  if (faults.length > 0) return { faults, entries: undefined };

  const toEntry = (pair: Pair): YamlEntry => {
    const keyNode = isNode(pair.key) ? pair.key : undefined;
    const valueNode = isNode(pair.value) ? pair.value : undefined;
    const at = position(keyNode?.range?.[0] ?? 0);
    return {
      key: String(isScalar(keyNode) ? keyNode.value : keyNode),
      at,
      valueAt: valueNode?.range ? position(valueNode.range[0]) : at,
      entries: () => {
        const map = follow(valueNode);
        return map === undefined ? undefined : map.items.map(toEntry);
      },
      value: () => expand(valueNode),
    };
  };
  const follow = (node: Node | undefined): YAMLMap | undefined => {
    const target = isAlias(node) ? node.resolve(document) : node;
    return isMap(target) ? target : undefined;
  };
  const expand = (node: Node | undefined): unknown => {
    try {
      return node?.toJS(document, { maxAliasCount: aliasesMax }) ?? null;
    } catch (error) {
      throw new RangeError("The aliases of this value cannot be followed", { cause: error });
    }
  };
  const root = document.contents;
  if (root === null || (isScalar(root) && root.value === null)) return { faults, entries: [] };
  const top = follow(root);
  if (top !== undefined) return { faults, entries: top.items.map(toEntry) };
  return { faults: [{ line: 1, column: 1, expected: "a mapping of sections" }], entries: undefined };
}

/** One mistake makes a parser stumble many times; the first fault of a line is the one that tells. */
function firstOfEachLine(faults: readonly YamlFault[]): readonly YamlFault[] {
  const byLine = Map.groupBy(faults, ({ line }) => line);
  return [...byLine.values()].flatMap((onLine) => onLine.slice(0, 1)).slice(0, faultsMax);
}

const expectations: Readonly<Record<string, string>> = {
  BAD_INDENT: "consistent indentation, and every bracket closed",
  BLOCK_AS_IMPLICIT_KEY: "a mapping on lines of its own, indented below its key",
  DUPLICATE_KEY: "each key once",
  MISSING_CHAR: "a closing quote or bracket, or a colon after a key",
  RESOURCE_EXHAUSTION: "less nesting",
  MULTIPLE_DOCS: "one document",
  TAB_AS_INDENT: "spaces, not tabs, as indentation",
  TAG_RESOLVE_FAILED: "no custom tags",
};
