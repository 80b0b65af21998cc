import { MillraceError, type ResultFormatName, resultMediaTypes } from "@millrace/contract";

import type { ApiContext } from "../../http/api-env.ts";

const formats = Object.keys(resultMediaTypes) as readonly ResultFormatName[];

/** The format that the client likes best, by `Accept`; JSON where it takes anything. @throws NOT_ACCEPTABLE */
export function resultFormatOf(c: ApiContext): ResultFormatName {
  const accept = c.req.header("accept") ?? "*/*";
  let best: { readonly format: ResultFormatName; readonly quality: number } | undefined;
  for (const range of accept.split(",")) {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    const quality = qualityOf(parameters);
    const format = formats.find((name) => matches(type, resultMediaTypes[name]));
    if (format !== undefined && quality > (best?.quality ?? 0)) best = { format, quality };
  }
  if (best !== undefined) return best.format;
  const known = Object.values(resultMediaTypes).join(", ");
  throw new MillraceError("NOT_ACCEPTABLE", `Accept one of ${known}.`);
}

function matches(range: string, type: string): boolean {
  if (range === "*/*" || range === type) return true;
  return range.endsWith("/*") && type.startsWith(range.slice(0, -1));
}

function qualityOf(parameters: readonly string[]): number {
  const given = parameters.find((parameter) => parameter.startsWith("q="));
  const quality = given === undefined ? 1 : Number(given.slice(2));
  return quality >= 0 && quality <= 1 ? quality : 0;
}
