export type { Actor } from "./actor.ts";
export { anyValidator } from "./any-validator.ts";
export type { ApiKeyValidator } from "./api-key-validator.ts";
export { hashKey, type KeyKind, keyPattern, type MintedKey, mintKey, type ParsedKey, parseKey } from "./key-format.ts";
export { createPostgresValidator, type PostgresValidatorOptions } from "./postgres-validator.ts";
export { createStaticValidator, type StaticKey } from "./static-validator.ts";
