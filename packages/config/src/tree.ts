import type { Resolved } from "./resolve.ts";

/** Values by dotted key as nested objects. */
export function toTree(resolved: ReadonlyMap<string, Resolved>): Record<string, unknown> {
  const tree: Record<string, unknown> = {};
  for (const [name, { value }] of resolved) {
    const parts = name.split(".");
    const last = parts.pop() ?? name;
    const parent = parts.reduce<Record<string, unknown>>(
      (at, part) => (at[part] ??= {}) as Record<string, unknown>,
      tree,
    );
    parent[last] = value;
  }
  return tree;
}
