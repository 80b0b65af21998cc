import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import type { Document } from "./documents.ts";

/** What the samples of a page take for granted, by the page's path: declared here, so that they can be checked and stay short. */
const given = fileURLToPath(new URL("given", import.meta.url));

export interface WrittenSample {
  /** Below the folder that the samples were written to. */
  readonly file: string;
  /** Where it stands, as `docs/handlers.md:10`. */
  readonly place: string;
}

/** Writes the TypeScript samples of the documents as modules, a folder a page. A line keeps its number within the sample. */
export function writeSamples(documents: readonly Document[], folder: string): readonly WrittenSample[] {
  return documents.flatMap(({ path, samples }) =>
    samples
      .filter(({ language }) => language === "ts")
      .map(({ info, code, line }, index) => {
        const name = /^\[(.+)\]$/.exec(info)?.[1] ?? `sample-${index + 1}.ts`;
        const file = join(path.replace(/\.md$/, ""), name);
        mkdirSync(dirname(join(folder, file)), { recursive: true });
        writeFileSync(join(folder, file), `${code}${importGiven(path, code)}export {};\n`);
        return { file, place: `${path}:${line}` };
      }),
  );
}

/** Imports what the sample uses of the page's givens and doesn't declare by itself. */
function importGiven(page: string, code: string): string {
  const file = join(given, page.replace(/^docs\//, "").replace(/\.md$/, ".ts"));
  if (!existsSync(file)) return "";
  const offered = [...readFileSync(file, "utf8").matchAll(/^export (?:declare )?(?:const|function|\{) ?(\w+)/gm)];
  const names = offered
    .map(([, name = ""]) => name)
    .filter((name) => new RegExp(`\\b${name}\\b`).test(code))
    .filter((name) => !new RegExp(`(?:const|function|import \\{[^}]*) ${name}\\b`).test(code));
  return names.length === 0 ? "" : `import { ${names.join(", ")} } from ${JSON.stringify(file)};\n`;
}
