import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";

import { checkManifest, type Manifest } from "./testing/check-manifest.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const base = join(root, "deploy/kubernetes");
const published = "https://github.com/millrace/millrace//deploy/kubernetes";

/** Debian 12 has kubectl 1.20, whose kustomize doesn't know `labels` yet. */
function hasKustomize(): boolean {
  const { stdout, status } = spawnSync("kubectl", ["version", "--client"], { encoding: "utf8" });
  return status === 0 && /Kustomize Version: v[5-9]/.test(stdout);
}

function build(folder: string): readonly Manifest[] {
  const built = execFileSync("kubectl", ["kustomize", folder], { encoding: "utf8" });
  return parseAllDocuments(built).map((document) => document.toJS() as Manifest);
}

const podsOf = (manifests: readonly Manifest[]) =>
  manifests.flatMap(({ spec }) => (spec?.template === undefined ? [] : [spec.template.spec]));
const imagesOf = (manifests: readonly Manifest[]) =>
  new Set(podsOf(manifests).flatMap(({ containers }) => containers.map(({ image }) => image)));

test("kustomize makes of the base what Kubernetes takes, with one ConfigMap that every pod reads", (context) => {
  if (!hasKustomize()) context.skip("There is no kubectl with kustomize 5 to build the manifests with");
  const manifests = build(base);
  for (const manifest of manifests) {
    checkManifest(manifest);
    expect(manifest.metadata.labels).toMatchObject({ "app.kubernetes.io/part-of": "millrace" });
    // A selector can't be changed once it is there.
    expect(Object.keys(manifest.spec?.selector?.matchLabels ?? {})).not.toContain("app.kubernetes.io/part-of");
  }
  const config = manifests.find(({ kind }) => kind === "ConfigMap");
  const read = podsOf(manifests).flatMap(({ containers }) =>
    containers.map(({ envFrom = [] }) => envFrom.find(({ configMapRef }) => configMapRef)?.configMapRef?.name),
  );
  expect(read).toEqual([config?.metadata.name, config?.metadata.name, config?.metadata.name]);
});

test("the overlay of the documents names its own image in place of the base's", (context) => {
  if (!hasKustomize()) context.skip("There is no kubectl with kustomize 5 to build the manifests with");
  const page = readFileSync(join(root, "docs/operations/running.md"), "utf8");
  const [, overlay = ""] = /^```yaml\n(resources:\n[^`]*)^```$/m.exec(page) ?? [];
  expect(overlay).toContain(published);
  const folder = mkdtempSync(join(tmpdir(), "millrace-overlay-"));
  try {
    writeFileSync(join(folder, "kustomization.yaml"), overlay.replace(published, relative(folder, base)));
    const manifests = build(folder);
    for (const manifest of manifests) checkManifest(manifest);
    const images = new Set(["millrace-migrator", "millrace-worker", "registry.example.com/millrace-api"]);
    expect(imagesOf(manifests)).toEqual(images);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
