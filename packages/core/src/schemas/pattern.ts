import { type AST, RegExpParser } from "@eslint-community/regexpp";
import { RE2JS } from "re2js";

/** A pattern that takes time in proportion to the text, whatever both are. */
export interface SafePattern {
  test(text: string): boolean;
  /** Unlike that of any other pattern: ajv knows patterns by it. */
  toString(): string;
}

/** Why a pattern can't be used, in words for whoever wrote it. */
export class PatternError extends Error {
  override readonly name = "PatternError";
}

const parser = new RegExpParser({ ecmaVersion: 2025 });

/** What `\s` means in JavaScript; RE2's knows ASCII only. */
const spaces = String.raw`\t-\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}`;
const notSpaces = String.raw`\x00-\x08\x0e-\x1f!-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff}`;
const notLineEnds = String.raw`[^\n\r\x{2028}\x{2029}]`;
/** Means something else without the flag `u`, which nobody meant. */
const unicodeOnly = /\\(?:[pP]|u)\{/;
const plain = /^[A-Za-z0-9_ ]$/;

/**
 * Compiles a pattern of JavaScript for RE2, an engine that can't run away. It is read with the flag `u`, or without where it is not valid with it.
 * @throws PatternError for what is no pattern, and for what RE2 can't do: references back, and looking ahead or behind
 */
export function compilePattern(source: string): SafePattern {
  const text = alternatives(parsePattern(source).alternatives);
  try {
    const compiled = RE2JS.compile(text);
    return { test: (subject) => compiled.test(subject), toString: () => `/${source}/` };
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^error parsing regexp: /, "") : String(error);
    throw new PatternError(`It can't be compiled: ${reason}.`, { cause: error });
  }
}

function parsePattern(source: string): AST.Pattern {
  try {
    return parser.parsePattern(source, 0, source.length, { unicode: true });
  } catch (error) {
    if (unicodeOnly.test(source)) throw new PatternError("It is not a regular expression.", { cause: error });
    try {
      return parser.parsePattern(source, 0, source.length, { unicode: false });
    } catch (second) {
      throw new PatternError("It is not a regular expression.", { cause: second });
    }
  }
}

function alternatives(of: readonly AST.Alternative[]): string {
  return of.map(({ elements }) => elements.map(element).join("")).join("|");
}

function element(node: AST.Element): string {
  switch (node.type) {
    case "Character":
      return character(node.value);
    case "CharacterSet":
      return node.kind === "any" ? notLineEnds : characterSet(node, false);
    case "CharacterClass":
      return characterClass(node);
    case "Group":
      return `(?${modifiers(node.modifiers)}:${alternatives(node.alternatives)})`;
    case "CapturingGroup":
      return `(?:${alternatives(node.alternatives)})`;
    case "Quantifier":
      // What is repeated is put into a group of its own: RE2 reads some repetitions of repetitions otherwise.
      return `(?:${element(node.element)})${quantity(node)}`;
    case "Assertion":
      return assertion(node);
    case "Backreference":
      throw new PatternError("References back to a group are not supported.");
    case "ExpressionCharacterClass":
      throw new PatternError("Operations on character classes are not supported.");
    default:
      return node satisfies never;
  }
}

function assertion(node: AST.Assertion): string {
  switch (node.kind) {
    case "start":
      return String.raw`\A`;
    case "end":
      return String.raw`\z`;
    case "word":
      return node.negate ? String.raw`\B` : String.raw`\b`;
    default:
      throw new PatternError(`Looking ${node.kind === "lookahead" ? "ahead" : "behind"} is not supported.`);
  }
}

function quantity({ min, max }: AST.Quantifier): string {
  if (min === max) return `{${min}}`;
  if (max === Number.POSITIVE_INFINITY) return `{${min},}`;
  return `{${min},${max}}`;
}

function modifiers(of: AST.Modifiers | null): string {
  if (of === null) return "";
  const flags = (set: AST.ModifierFlags | null) => {
    if (set?.dotAll === true || set?.multiline === true) throw new PatternError("Of the flags only i is supported.");
    return set?.ignoreCase === true ? "i" : "";
  };
  const removed = flags(of.remove);
  return flags(of.add) + (removed === "" ? "" : `-${removed}`);
}

function characterClass({ elements, negate }: AST.CharacterClass): string {
  if (elements.length === 0) return negate ? String.raw`[\x00-\x{10ffff}]` : String.raw`[^\x00-\x{10ffff}]`;
  const members = elements.map((member) => {
    switch (member.type) {
      case "Character":
        return character(member.value);
      case "CharacterClassRange":
        return `${character(member.min.value)}-${character(member.max.value)}`;
      case "CharacterSet":
        return characterSet(member, true);
      default:
        throw new PatternError("Classes in classes are not supported.");
    }
  });
  return `[${negate ? "^" : ""}${members.join("")}]`;
}

function characterSet(node: Exclude<AST.CharacterSet, { readonly kind: "any" }>, inClass: boolean): string {
  switch (node.kind) {
    case "digit":
      return node.negate ? String.raw`\D` : String.raw`\d`;
    case "word":
      return node.negate ? String.raw`\W` : String.raw`\w`;
    case "space": {
      const members = node.negate ? notSpaces : spaces;
      return inClass ? members : `[${members}]`;
    }
    default:
      return `${node.negate ? String.raw`\P` : String.raw`\p`}{${node.value ?? node.key}}`;
  }
}

function character(value: number): string {
  const text = String.fromCodePoint(value);
  return plain.test(text) ? text : String.raw`\x{${value.toString(16)}}`;
}
