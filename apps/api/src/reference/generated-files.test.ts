import { readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";

import { errorCatalogue } from "@millrace/contract";

import { routes } from "../routes/index.ts";
import { errorsReference } from "./errors.ts";
import { generatedFiles } from "./generated-files.ts";
import { httpReference } from "./http.ts";

describe("the reference", () => {
  test.each(generatedFiles())("$url is what the routes say; else run the generate script", ({ url, content }) => {
    expect(readFileSync(url, "utf8")).toBe(content);
  });

  test("has every error code, and nothing else", () => {
    const listed = [...errorsReference().matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code);
    expect(listed).toEqual(Object.keys(errorCatalogue));
  });

  test("has every route that is no part of a page, and nothing else", () => {
    const listed = [...httpReference().matchAll(/^### ([A-Z]+ .+)$/gm)].map(([, heading]) => heading);
    const expected = routes.filter(({ hidden }) => hidden !== true);
    expect(new Set(listed)).toEqual(new Set(expected.map(({ method, path }) => `${method.toUpperCase()} ${path}`)));
    expect(listed).toHaveLength(expected.length);
  });
});
