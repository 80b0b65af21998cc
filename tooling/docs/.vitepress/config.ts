import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

import { defineConfig } from "vitepress";

import { repositoryUrl, slugOf } from "../src/markdown.ts";
import { rewriteOutsideLinks } from "../src/outside-links.ts";
import { readSidebar } from "../src/sidebar.ts";

const docs = fileURLToPath(new URL("../../../docs", import.meta.url));

// The pages are compiled where they stand, in docs/, from where no package can be found.
const ofVitepress = createRequire(createRequire(import.meta.url).resolve("vitepress/package.json"));

// Everything that the site needs is in its packages: a build asks no other machine. A dead link fails it.
export default defineConfig({
  title: "Millrace",
  description: "Durable jobs and fresh event analytics on the PostgreSQL you already run",
  srcDir: docs,
  outDir: fileURLToPath(new URL("../../../artifacts/docs", import.meta.url)),
  cacheDir: fileURLToPath(new URL("../node_modules/.cache/vitepress", import.meta.url)),
  cleanUrls: true,
  markdown: {
    // Braces in a heading are a path's parameters, not attributes.
    attrs: { disable: true },
    anchor: { slugify: slugOf },
    config: (markdown) => rewriteOutsideLinks(markdown),
  },
  vite: {
    resolve: {
      alias: [
        { find: /^vue$/, replacement: ofVitepress.resolve("vue/dist/vue.runtime.esm-bundler.js") },
        { find: /^vue\/server-renderer$/, replacement: ofVitepress.resolve("vue/server-renderer") },
      ],
    },
    build: { chunkSizeWarningLimit: 2_000 },
  },
  themeConfig: {
    nav: [
      { text: "Quickstart", link: "/quickstart" },
      { text: "Concepts", link: "/concepts/jobs" },
      { text: "Reference", link: "/reference/http" },
    ],
    sidebar: readSidebar(docs),
    outline: [2, 3],
    search: { provider: "local" },
    socialLinks: [{ icon: "github", link: repositoryUrl }],
  },
});
