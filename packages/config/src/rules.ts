import { keysByName, valueAt } from "./keys.ts";
import type { Problem } from "./problems.ts";
import type { Resolved } from "./resolve.ts";
import type { RuleContext, Section } from "./schema/section.ts";
import { type SectionName, sections } from "./schema/sections.ts";
import { toTree } from "./tree.ts";

/** The breaches of the rules of some sections. A rule over a key that has no valid value is left out: that key has its own problem. */
export function checkRules(
  names: readonly SectionName[],
  resolved: ReadonlyMap<string, Resolved>,
  context: RuleContext,
): readonly Problem[] {
  const tree = toTree(resolved);
  return names.flatMap((name) => {
    const section: Section = sections[name];
    return section.rules
      .filter((rule) => rule.profile === undefined || rule.profile === context.profile)
      .filter((rule) => rule.keys.every((key) => resolved.has(`${name}.${key}`)))
      .filter((rule) => !rule.holds(valueAt(tree, name) as never, context))
      .map((rule) =>
        breach(
          rule.keys.map((key) => `${name}.${key}`),
          rule.expected,
          resolved,
        ),
      );
  });
}

function breach(names: readonly string[], expected: string, resolved: ReadonlyMap<string, Resolved>): Problem {
  const [first = "", ...others] = names;
  const hint = others
    .map((name) => `${name} is ${show(name, resolved)} (${resolved.get(name)?.source.label})`)
    .join(", ");
  return {
    name: first,
    source: resolved.get(first)?.source.label ?? "not set",
    got: show(first, resolved),
    expected,
    ...(hint === "" ? {} : { hint }),
  };
}

function show(name: string, resolved: ReadonlyMap<string, Resolved>): string {
  const shown = keysByName.get(name)?.show(resolved.get(name)?.value) ?? "";
  return shown === "" ? "nothing" : shown;
}
