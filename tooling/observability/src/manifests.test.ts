import { readdirSync, readFileSync } from "node:fs";

import { describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";

import { metricCatalogue, type MetricKey, metricName } from "@millrace/telemetry";

import { checkManifest, type Manifest } from "./testing/check-manifest.ts";

const folder = new URL("../../../deploy/kubernetes/", import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, folder), "utf8");

const { resources } = parse(read("kustomization.yaml")) as { readonly resources: readonly string[] };
const manifests = [...resources, "secret.example.yaml"].flatMap((file) =>
  parseAllDocuments(read(file)).map((document) => {
    const manifest = document.toJS() as Manifest;
    return { name: `${manifest.kind} ${manifest.metadata.name}`, manifest };
  }),
);

test("the kustomization lists every file that is there", () => {
  const others = ["kustomization.yaml", "secret.example.yaml"];
  expect(readdirSync(folder).toSorted()).toEqual([...resources, ...others].toSorted());
});

test.each(manifests)("$name is what Kubernetes' schema asks for", ({ manifest }) => {
  expect(() => checkManifest(manifest)).not.toThrow();
});

test("a manifest with a wrong field is noticed", () => {
  const service = { apiVersion: "v1", kind: "Service", metadata: { name: "x" }, spec: { ports: [{ port: "http" }] } };
  expect(() => checkManifest(service as unknown as Manifest)).toThrow(/port/);
});

const pods = manifests.flatMap(({ name, manifest: { kind, spec } }) =>
  spec?.template === undefined ? [] : [{ name, kind, pod: spec.template.spec }],
);

describe.each(pods)("the pod of $name", ({ kind, pod }) => {
  test("keeps to the restricted profile of pod security, with a file system that it can't change", () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
    for (const container of pod.containers) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
    }
  });

  test("asks for resources, and has probes where it stays", () => {
    for (const { resources: asked, livenessProbe, readinessProbe } of pod.containers) {
      expect(asked?.requests).toBeDefined();
      expect(asked?.limits?.memory).toBeDefined();
      expect(livenessProbe !== undefined && readinessProbe !== undefined).toBe(kind === "Deployment");
    }
  });
});

test("autoscaling follows metrics that exist, of deployments that exist", () => {
  const known = new Set((Object.keys(metricCatalogue) as MetricKey[]).map(metricName));
  const deployments = manifests.filter(({ manifest }) => manifest.kind === "Deployment").map(({ name }) => name);
  const scalers = manifests.filter(({ manifest }) => manifest.kind === "HorizontalPodAutoscaler");
  expect(scalers).toHaveLength(2);
  for (const { manifest } of scalers) {
    expect(deployments).toContain(`Deployment ${manifest.spec?.scaleTargetRef?.name}`);
    for (const { external } of manifest.spec?.metrics ?? []) {
      if (external !== undefined) expect(known).toContain(external.metric.name);
    }
  }
});
