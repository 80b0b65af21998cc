import { errorsReference } from "./errors.ts";
import { httpReference } from "./http.ts";

const folder = new URL("../../../../docs/reference/", import.meta.url);

/** The documents that are made from the routes: where each belongs in the repository, and what it must hold. */
export function generatedFiles(): readonly { readonly url: URL; readonly content: string }[] {
  return [
    { url: new URL("errors.md", folder), content: errorsReference() },
    { url: new URL("http.md", folder), content: httpReference() },
  ];
}
