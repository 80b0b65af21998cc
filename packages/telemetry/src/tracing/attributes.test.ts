import * as conventions from "@opentelemetry/semantic-conventions/incubating";
import { expect, it } from "vitest";

import { spanAttributes } from "./attributes.ts";

it("names attributes as OpenTelemetry's conventions do, or below our own name", () => {
  const known = new Set<unknown>(Object.values(conventions));
  const strange = Object.values(spanAttributes).filter((name) => !name.startsWith("millrace.") && !known.has(name));
  expect(strange).toEqual([]);
});
