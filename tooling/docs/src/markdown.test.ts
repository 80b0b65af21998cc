import { expect, test } from "vitest";

import { readMarkdown, slugOf } from "./markdown.ts";
import { outsideLink } from "./outside-links.ts";

test.each([
  ["Try it", "try-it"],
  ["`http.request`", "httprequest"],
  ["What isn't promised", "what-isnt-promised"],
  ["12. NATS, as a bus", "12-nats-as-a-bus"],
  ["A – B", "a--b"],
])("the heading %s has the anchor that GitHub gives it", (heading, slug) => {
  expect(slugOf(heading)).toBe(slug);
});

test("two headings of one name have two anchors", () => {
  expect([...readMarkdown("# Same\n\n## Same\n").anchors]).toEqual(["same", "same-1"]);
});

test("a sample is found with its language, its name and its place", () => {
  expect(readMarkdown("Text\n\n```ts [a.ts]\nlet a;\n```\n").samples).toEqual([
    { language: "ts", info: "[a.ts]", line: 4, code: "let a;\n" },
  ]);
});

test.each([
  ["concepts/jobs.md", "leases.md#claim", "leases.md#claim"],
  ["concepts/jobs.md", "../../README.md#try-it", "https://github.com/millrace/millrace/blob/main/README.md#try-it"],
  ["quickstart.md", "../packages/client", "https://github.com/millrace/millrace/blob/main/packages/client"],
  [
    "reference/configuration.md",
    "millrace.schema.json",
    "https://github.com/millrace/millrace/blob/main/docs/reference/millrace.schema.json",
  ],
  ["quickstart.md", "https://example.com/a.md", "https://example.com/a.md"],
])("on the site, the link of %s to %s leads to %s", (page, href, target) => {
  expect(outsideLink(page, href)).toBe(target);
});
