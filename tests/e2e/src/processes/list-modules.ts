import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";

// Loaded before a program: appends the URLs of all modules that it loads, as it ends, to the file that the environment names.
const file = process.env["E2E_MODULES"] ?? "";
const urls: string[] = [];

registerHooks({
  load(url, context, nextLoad) {
    urls.push(url);
    return nextLoad(url, context);
  },
});
process.on("exit", () => appendFileSync(file, `${urls.join("\n")}\n`));
