import { MillraceError } from "@millrace/contract";

import type { ApiContext } from "./api-env.ts";
import type { Route } from "./route.ts";

/** Answers what no route matches: 204 to OPTIONS of a known path, else 405 with the methods that it has, else 404. */
export function createUnmatched(routes: readonly Route[]): (c: ApiContext) => Response {
  const paths = new Map<string, { readonly shape: RegExp; readonly methods: Set<string> }>();
  for (const { path, method } of routes) {
    const entry = paths.get(path) ?? { shape: shapeOf(path), methods: new Set() };
    for (const one of methodsOf([{ method }])) entry.methods.add(one);
    paths.set(path, entry);
  }
  const known = [...paths.values()];

  return (c) => {
    const methods = new Set(known.filter(({ shape }) => shape.test(c.req.path)).flatMap((entry) => [...entry.methods]));
    if (methods.size === 0) throw new MillraceError("NOT_FOUND", "There is nothing at this path.");
    c.env.outgoing.setHeader("Allow", [...methods].toSorted().join(", "));
    if (c.req.method === "OPTIONS") return c.body(null, 204);
    throw new MillraceError("METHOD_NOT_ALLOWED", `This path does not take the method ${c.req.method}.`);
  };
}

/** The methods of routes as HTTP names them, with those that come by themselves. */
export function methodsOf(routes: readonly Pick<Route, "method">[]): readonly string[] {
  const methods = new Set(["OPTIONS", ...routes.map(({ method }) => method.toUpperCase())]);
  if (methods.has("GET")) methods.add("HEAD");
  return [...methods].toSorted();
}

function shapeOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(".", String.raw`\.`).replaceAll(/\{\w+\}/g, "[^/]+")}$`);
}
