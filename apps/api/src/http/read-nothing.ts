import { parse } from "@millrace/core";

import type { Api } from "../api.ts";
import { schemas } from "../openapi/schemas.ts";
import type { ApiContext } from "./api-env.ts";
import { readOptionalJson } from "./read-json.ts";

/** For a route without input: no body, or an empty object. @throws VALIDATION_FAILED naming what was given */
export async function readNothing(c: ApiContext, api: Api): Promise<void> {
  parse(schemas.nothing, await readOptionalJson(c, api.limits.bodyBytesMax));
}
