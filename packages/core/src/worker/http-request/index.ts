export { type HttpRequestResult } from "./answer-result.ts";
export type { Resolve } from "./guarded-connector.ts";
export { createHttpRequestJob, type HttpRequestOptions } from "./http-request-job.ts";
export { httpRequestPayload, type HttpRequestPayload } from "./payload.ts";
