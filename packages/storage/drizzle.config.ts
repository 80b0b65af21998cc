import { defineConfig } from "drizzle-kit";

/** For `migration:new`, which prepares the folder, runs `drizzle-kit generate`, and files what comes out under `migrations`. */
export default defineConfig({
  dialect: "postgresql",
  schema: "./src/schema/index.ts",
  out: "./node_modules/.cache/migration-draft",
  schemaFilter: ["millrace"],
});
