import { isDeepStrictEqual } from "node:util";

import { errorCatalogue } from "@millrace/contract";

import { errorCodesOf } from "../openapi/document.ts";
import { routes } from "../routes/index.ts";

/** What the documentation does not say of an answer: a status or code of a route, or a field of its body. Undefined when all is said. */
export function findUndocumented(
  method: string,
  path: string,
  status: number,
  json: unknown,
  contentType?: string,
): string | undefined {
  const route = routes.find(
    (each) =>
      each.method.toUpperCase() === method && new RegExp(`^${each.path.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path),
  );
  if (route === undefined) return undefined;
  const answer = route.answers[status];
  if (answer === undefined) {
    const { code } = (json ?? {}) as { readonly code?: string };
    const known = errorCodesOf(route).some((each) => each === code && errorCatalogue[each].status === status);
    return known ? undefined : `${method} ${route.path} answered ${status} ${code ?? "without a code"}`;
  }
  if (answer.schema === undefined || answer.otherContentTypes?.includes(contentType ?? "") === true) return undefined;
  const parsed = answer.schema.safeParse(json);
  if (!parsed.success) return `${method} ${route.path} answered a body of another shape: ${parsed.error.message}`;
  // The schema drops what it doesn't know.
  return isDeepStrictEqual(parsed.data, json) ? undefined : `${method} ${route.path} answered more than documented`;
}
