export { type ApiOptions, createApi, type RunnableApi } from "./create-api.ts";
export { type StartApiOptions, startApi, type StartedApi } from "./start-api.ts";
