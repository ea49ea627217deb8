import type { ManifestText } from './manifest-text.ts';

/** A Kubernetes object as it is sent: plain JSON data. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** One Kubernetes object, rendered from a template and checked against the Kubernetes types. */
export class RenderedObject {
  /** YAML, a line break at its end. Of a Secret it holds secret values: it is never written or printed. */
  readonly manifest: ManifestText;
  /** The same object as data. */
  readonly object: KubernetesObject;

  constructor(manifest: ManifestText, object: KubernetesObject) {
    this.manifest = manifest;
    this.object = object;
  }

  get kind(): string {
    return this.object.kind;
  }

  get name(): string {
    return this.object.metadata.name;
  }

  /** The manifest, put together each time. */
  get text(): string {
    return this.manifest.toString();
  }
}
