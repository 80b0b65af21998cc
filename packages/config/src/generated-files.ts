import { jsonSchema } from "./json-schema.ts";
import { referenceMarkdown } from "./reference.ts";

const folder = new URL("../../../docs/reference/", import.meta.url);

/** The documents that are made from the schema: where each belongs in the repository, and what it must hold. */
export function generatedFiles(): readonly { readonly url: URL; readonly content: string }[] {
  return [
    { url: new URL("configuration.md", folder), content: referenceMarkdown() },
    { url: new URL("millrace.schema.json", folder), content: `${JSON.stringify(jsonSchema(), null, 2)}\n` },
  ];
}
