import { readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";

import { jsonSchema } from "./json-schema.ts";
import { keys } from "./keys.ts";

interface Node {
  readonly description?: string;
  readonly properties?: Record<string, Node>;
  readonly additionalProperties?: boolean;
  readonly required?: unknown;
}

const root = jsonSchema() as Node;
const nodeAt = (name: string) => name.split(".").reduce<Node | undefined>((at, part) => at?.properties?.[part], root);

describe("the JSON Schema of the file", () => {
  test("has every key with its description", () => {
    const undescribed = keys.filter(
      ({ name, description }) => nodeAt(name)?.description?.startsWith(description) !== true,
    );
    expect(undescribed).toEqual([]);
  });

  test("allows no other keys and requires none", () => {
    for (const node of [root, nodeAt("server"), nodeAt("database"), nodeAt("worker.httpRequest")]) {
      expect(node).toMatchObject({ additionalProperties: false });
      expect(node).not.toHaveProperty("required");
    }
  });

  test("accepts the example file, and refuses what the loader would", () => {
    const schema = z.fromJSONSchema(jsonSchema());
    const example: unknown = parse(readFileSync(new URL("../../../millrace.example.yaml", import.meta.url), "utf8"));
    expect(schema.safeParse(example)).toMatchObject({ success: true });
    const wrong = [
      { server: { port: "x" } },
      { server: { prot: 1 } },
      { worker: { leaseMs: "soon" } },
      { mailbox: {} },
    ];
    expect(wrong.filter((file) => schema.safeParse(file).success)).toEqual([]);
  });
});
