export * from "./testing/describe-api-key-validator.ts";
