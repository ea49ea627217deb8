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
export interface RenderedObject {
  readonly kind: string;
  readonly name: string;
  /** YAML, a line break at its end. Of a Secret it holds secret values: it is never written or printed. */
  readonly text: string;
  /** The same object as data, made when first asked for. */
  readonly object: KubernetesObject;
}
