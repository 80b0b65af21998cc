import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const { resolve } = createRequire(import.meta.url);
const files = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

/** A file of Swagger UI, read once from the installed package. */
export function readSwaggerFile(name: "swagger-ui-bundle.js" | "swagger-ui.css"): Promise<Uint8Array<ArrayBuffer>> {
  let file = files.get(name);
  if (file === undefined) {
    file = readFile(resolve(`swagger-ui-dist/${name}`)).then((bytes) => Uint8Array.from(bytes));
    files.set(name, file);
  }
  return file;
}
