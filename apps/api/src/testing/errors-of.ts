import type { Reply } from "./start-test-api.ts";

/** What a reply says is wrong, each as `path: code`. */
export const errorsOf = ({ json }: Reply): readonly string[] =>
  (json.errors ?? []).map(({ path, code }) => `${path}: ${code}`);
