export * from "./objects/s3/create-bucket.ts";
export * from "./objects/s3/create-s3-object-store.ts";
