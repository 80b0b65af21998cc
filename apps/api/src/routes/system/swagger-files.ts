import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

const script = createFile(require.resolve("swagger-ui-dist/swagger-ui-bundle.js"));
const style = createFile(require.resolve("swagger-ui-dist/swagger-ui.css"));

/** Swagger UI's script and style, each read once from the installed package. */
export const swaggerFiles = { script, style } as const;

function createFile(path: string): () => Promise<Uint8Array<ArrayBuffer>> {
  let file: Promise<Uint8Array<ArrayBuffer>> | undefined;
  return () => (file ??= readFile(path).then((bytes) => Uint8Array.from(bytes)));
}
