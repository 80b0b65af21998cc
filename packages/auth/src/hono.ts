export { type AuthEnv, authenticate } from "./hono/authenticate.ts";
