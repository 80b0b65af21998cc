import { existsSync } from "node:fs";
import { posix } from "node:path";

import { expect, test } from "vitest";

import { readDocuments, root } from "./documents.ts";
import { readMarkdown } from "./markdown.ts";

const documents = readDocuments();
const pages = new Map(documents.map((document) => [document.path, document]));

/** The links of a text that lead nowhere. */
function deadLinks(path: string, links: readonly string[]): readonly string[] {
  return links.filter((link) => {
    if (/^[a-z]+:/i.test(link)) return false;
    const [file = "", anchor] = decodeURI(link).split("#", 2);
    const target = file === "" ? path : posix.join(posix.dirname(path), file);
    if (!existsSync(posix.join(root, target))) return true;
    const page = pages.get(target);
    return anchor !== undefined && page !== undefined && !page.anchors.has(anchor);
  });
}

test("every link of the documents leads to a file, and every anchor to a heading", () => {
  const dead = documents.flatMap(({ path, links }) => deadLinks(path, links).map((link) => `${path} → ${link}`));
  expect(dead).toEqual([]);
  expect(documents.length).toBeGreaterThan(40);
});

test("a link to a missing file, a missing heading or a heading's wrong form is found", () => {
  const { links } = readMarkdown("[a](gone.md) [b](README.md#gone) [c](README.md#Try-it) ![d](no.svg) [e](#no)");
  expect(deadLinks("README.md", links)).toEqual(links);
});
