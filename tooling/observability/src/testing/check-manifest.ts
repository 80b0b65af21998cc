import { Deployment } from "kubernetes-models/apps/v1";
import { HorizontalPodAutoscaler } from "kubernetes-models/autoscaling/v2";
import { Job } from "kubernetes-models/batch/v1";
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1";
import { ConfigMap, Secret, Service, ServiceAccount } from "kubernetes-models/v1";

/** The parts of a pod that tests look at. */
export interface PodSpec {
  readonly securityContext?: { readonly runAsNonRoot?: boolean; readonly seccompProfile?: { readonly type?: string } };
  readonly containers: readonly {
    readonly image?: string;
    readonly envFrom?: readonly { readonly configMapRef?: { readonly name: string } }[];
    readonly securityContext?: object;
    readonly livenessProbe?: object;
    readonly readinessProbe?: object;
    readonly resources?: { readonly requests?: object; readonly limits?: { readonly memory?: string } };
  }[];
}

/** A manifest, with the parts that tests look at. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: {
    readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
    readonly template?: { readonly spec: PodSpec };
    readonly scaleTargetRef?: { readonly name: string };
    readonly metrics?: readonly { readonly external?: { readonly metric: { readonly name: string } } }[];
  };
}

/** Each checks what it is given against the schema of Kubernetes' own API. */
type Model = new (manifest: never) => { validate(): void };
const models: Readonly<Record<string, Model>> = {
  "apps/v1 Deployment": Deployment,
  "autoscaling/v2 HorizontalPodAutoscaler": HorizontalPodAutoscaler,
  "batch/v1 Job": Job,
  "networking.k8s.io/v1 NetworkPolicy": NetworkPolicy,
  "policy/v1 PodDisruptionBudget": PodDisruptionBudget,
  "v1 ConfigMap": ConfigMap,
  "v1 Secret": Secret,
  "v1 Service": Service,
  "v1 ServiceAccount": ServiceAccount,
};

/** Holds a manifest against the schema of its kind. @throws with what doesn't fit */
export function checkManifest(manifest: Manifest): void {
  const model = models[`${manifest.apiVersion} ${manifest.kind}`];
  if (model === undefined) throw new Error(`There is no schema for ${manifest.kind}`);
  new model(manifest as never).validate();
}
