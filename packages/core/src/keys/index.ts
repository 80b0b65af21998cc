export { createKey } from "./create.ts";
export { type IssuedKey, type IssueKeyInput, issueKey } from "./issue.ts";
export { toKeyJson } from "./key-json.ts";
export { type KeyList, listKeys } from "./list.ts";
export { revokeKey } from "./revoke.ts";
export { rotateKey } from "./rotate.ts";
