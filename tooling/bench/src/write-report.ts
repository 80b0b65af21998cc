import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Writes a page and its charts into a folder; the page's path. */
export async function writeReport(
  folder: string,
  name: string,
  report: { readonly page: string; readonly charts: Readonly<Record<string, string>> },
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, name);
  await writeFile(path, report.page);
  for (const [chart, content] of Object.entries(report.charts)) await writeFile(join(folder, chart), content);
  return path;
}
